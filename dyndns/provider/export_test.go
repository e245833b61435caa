package provider

import (
	"net/http"
	"net/url"
	"time"
)

// SignV4ForTest lets the stub of Route 53 check what it gets.
func SignV4ForTest(key, secret, region, service string, now time.Time, method string, u *url.URL, body []byte) http.Header {
	return signV4(v4{key, secret, region, service, now}, method, u, body)
}
