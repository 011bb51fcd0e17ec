//go:build !go1.24

package main

import "net/http"

// It cannot.
var speakH2c func(transport *http.Transport)
