// A client on Go's net/http that is measured beside those in Rust. Reads orders, writes answers, one line of JSON each;
// the words are those of benches/src/http/protocol.rs. Nothing but the standard library.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

type steady struct {
	WarmUpMs  int64 `json:"warm_up_ms"`
	MeasureMs int64 `json:"measure_ms"`
}

type bursts struct {
	Count             int `json:"count"`
	RequestsPerCaller int `json:"requests_per_caller"`
}

type order struct {
	URL            string `json:"url"`
	Certificate    string `json:"certificate"`
	Protocol       string `json:"protocol"`
	Callers        int    `json:"callers"`
	ConnectDelayMs int64  `json:"connect_delay_ms"`
	Limit          *int   `json:"limit"`
	Load           struct {
		Steady *steady `json:"steady"`
		Bursts *bursts `json:"bursts"`
	} `json:"load"`
}

type answer struct {
	ElapsedNs    int64   `json:"elapsed_ns"`
	LatenciesNs  []int64 `json:"latencies_ns"`
	Requests     int64   `json:"requests"`
	Errors       int64   `json:"errors"`
	FirstError   *string `json:"first_error"`
	NotAvailable *string `json:"not_available"`
}

// How long a caller goes on, and which of its requests count: those that begin between begin and end.
type until struct {
	begin    time.Time
	end      time.Time
	requests int
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			panic(err)
		}
		if err := json.NewEncoder(out).Encode(carryOut(&o)); err != nil {
			panic(err)
		}
		out.Flush()
	}
}

func carryOut(o *order) *answer {
	total := &answer{LatenciesNs: []int64{}}
	if o.Protocol == "h2c" && speakH2c == nil {
		why := "Go's net/http has it from 1.24 on"
		total.NotAvailable = &why
		return total
	}
	if s := o.Load.Steady; s != nil {
		begin := time.Now().Add(time.Duration(s.WarmUpMs) * time.Millisecond)
		end := begin.Add(time.Duration(s.MeasureMs) * time.Millisecond)
		last := burst(o, until{begin, end, 1 << 40}, total)
		total.ElapsedNs = last.Sub(begin).Nanoseconds()
		return total
	}
	for i := 0; i < o.Load.Bursts.Count; i++ {
		begin := time.Now()
		last := burst(o, until{begin, begin.Add(time.Hour), o.Load.Bursts.RequestsPerCaller}, total)
		total.ElapsedNs += last.Sub(begin).Nanoseconds()
	}
	return total
}

// As a user who means it sets it up: without Go's limit of two idle connections per host.
func newTransport(o *order) *http.Transport {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(o.Certificate))
	delay := time.Duration(o.ConnectDelayMs) * time.Millisecond
	dialer := &net.Dialer{}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if delay > 0 {
				time.Sleep(delay)
			}
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 1 << 20,
		IdleConnTimeout:     90 * time.Second,
	}
	if o.Limit != nil {
		transport.MaxConnsPerHost = *o.Limit
	}
	if o.Protocol == "h2c" {
		speakH2c(transport)
	}
	return transport
}

// Lets all callers begin at once; returns when the last one was done.
func burst(o *order, u until, total *answer) time.Time {
	transport := newTransport(o)
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var lock sync.Mutex
	var done sync.WaitGroup
	start := make(chan struct{})
	last := u.begin
	for i := 0; i < o.Callers; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			<-start
			seen, finished := call(client, o.URL, u)
			lock.Lock()
			defer lock.Unlock()
			if finished.After(last) {
				last = finished
			}
			total.Requests += seen.Requests
			total.Errors += seen.Errors
			total.LatenciesNs = append(total.LatenciesNs, seen.LatenciesNs...)
			if total.FirstError == nil {
				total.FirstError = seen.FirstError
			}
		}()
	}
	close(start)
	done.Wait()
	return last
}

func call(client *http.Client, url string, u until) (*answer, time.Time) {
	seen := &answer{}
	now := time.Now()
	for i := 0; i < u.requests && now.Before(u.end); i++ {
		started := now
		err := get(client, url)
		now = time.Now()
		seen.Requests++
		if err != nil {
			seen.Errors++
			if seen.FirstError == nil {
				text := err.Error()
				seen.FirstError = &text
			}
		} else if !started.Before(u.begin) {
			seen.LatenciesNs = append(seen.LatenciesNs, now.Sub(started).Nanoseconds())
		}
	}
	return seen, now
}

func get(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
