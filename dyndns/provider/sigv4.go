package provider

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// v4 is what a signature of AWS is made with.
type v4 struct {
	key, secret, region, service string
	now                          time.Time
}

// signV4 gives the headers of AWS Signature Version 4 for a request whose
// query is in url.Values.Encode's order (sorted) with %20 for a blank:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func signV4(k v4, method string, u *url.URL, body []byte) http.Header {
	const algorithm, signed = "AWS4-HMAC-SHA256", "host;x-amz-date"
	stamp := k.now.UTC().Format("20060102T150405Z")
	scope := strings.Join([]string{stamp[:8], k.region, k.service, "aws4_request"}, "/")
	canonical := strings.Join([]string{
		method, u.EscapedPath(), u.RawQuery, "host:" + u.Host, "x-amz-date:" + stamp, "", signed, sum256(body),
	}, "\n")
	line := strings.Join([]string{algorithm, stamp, scope, sum256([]byte(canonical))}, "\n")
	key := []byte("AWS4" + k.secret)
	for _, part := range []string{stamp[:8], k.region, k.service, "aws4_request", line} {
		key = mac256(key, part)
	}
	return http.Header{
		"X-Amz-Date":    {stamp},
		"Authorization": {algorithm + " Credential=" + k.key + "/" + scope + ", SignedHeaders=" + signed + ", Signature=" + hex.EncodeToString(key)},
	}
}

func sum256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac256(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	_, _ = m.Write([]byte(text)) // a hash never fails
	return m.Sum(nil)
}
