//go:build go1.24

package main

import "net/http"

// Has a transport speak HTTP/2 over TCP, and nothing else.
var speakH2c = func(transport *http.Transport) {
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetUnencryptedHTTP2(true)
}
