package targettest

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signing of S3 requests, in our own words after Amazon's "Authenticating Requests (AWS Signature Version 4)":
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html

const (
	algorithm = "AWS4-HMAC-SHA256"
	streaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	emptySum  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

var (
	errSignature = errors.New("SignatureDoesNotMatch")
	errKeyID     = errors.New("InvalidAccessKeyId")
	errSkewed    = errors.New("RequestTimeTooSkewed")
	errRegion    = errors.New("AuthorizationHeaderMalformed")
)

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// verified checks the signature of r and gives its body, of which the rest is checked while it is read.
func (s *S3Server) verified(r *http.Request) (io.Reader, error) {
	fields := map[string]string{}
	kind, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	for part := range strings.SplitSeq(rest, ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[k] = v
	}
	scope := strings.Split(fields["Credential"], "/")
	if kind != algorithm || len(scope) != 5 || scope[3] != "s3" || scope[4] != "aws4_request" {
		return nil, errSignature
	}
	if scope[0] != s.KeyID {
		return nil, errKeyID
	}
	if scope[2] != s.Region && !r.URL.Query().Has("location") {
		return nil, errRegion
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 15*time.Minute {
		return nil, errSkewed
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	for _, must := range []string{"host", "x-amz-date", "x-amz-content-sha256"} {
		if !slices.Contains(signed, must) {
			return nil, errSignature
		}
	}
	payload := r.Header.Get("X-Amz-Content-Sha256")
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), canonicalQuery(r.URL.Query()), canonicalHeaders(r, signed), strings.Join(signed, ";"), payload,
	}, "\n")
	day := strings.Join(scope[1:], "/")
	key := mac(mac(mac(mac([]byte("AWS4"+s.Secret), scope[1]), scope[2]), "s3"), "aws4_request")
	want := hex.EncodeToString(mac(key, strings.Join([]string{algorithm, r.Header.Get("X-Amz-Date"), day, sum([]byte(canonical))}, "\n")))
	if !hmac.Equal([]byte(want), []byte(fields["Signature"])) {
		return nil, errSignature
	}
	switch payload {
	case "UNSIGNED-PAYLOAD":
		return r.Body, nil
	case streaming:
		return &chunked{in: bufio.NewReader(r.Body), key: key, head: r.Header.Get("X-Amz-Date") + "\n" + day + "\n", last: want}, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 32<<20))
	if err != nil {
		return nil, err
	}
	if sum(body) != payload {
		return nil, errSignature
	}
	return bytes.NewReader(body), nil
}

func canonicalQuery(q url.Values) string {
	return strings.ReplaceAll(q.Encode(), "+", "%20") // sorted by name, as wanted
}

func canonicalHeaders(r *http.Request, names []string) string {
	var out strings.Builder
	for _, name := range names {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		out.WriteString(name + ":" + strings.Join(strings.Fields(value), " ") + "\n")
	}
	return out.String()
}

// chunked reads a body that is signed piece by piece.
type chunked struct {
	in    *bufio.Reader
	key   []byte
	head  string
	last  string // the signature before
	piece []byte
	end   bool
}

func (c *chunked) Read(b []byte) (int, error) {
	for len(c.piece) == 0 {
		if c.end {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, c.piece)
	c.piece = c.piece[n:]
	return n, nil
}

func (c *chunked) next() error {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	var size int
	var signature string
	if _, err := fmt.Sscanf(strings.TrimSpace(line), "%x;chunk-signature=%64s", &size, &signature); err != nil || size > 1<<20 {
		return errSignature
	}
	piece := make([]byte, size)
	if _, err := io.ReadFull(c.in, piece); err != nil {
		return io.ErrUnexpectedEOF
	}
	if _, err := io.CopyN(io.Discard, c.in, 2); err != nil { // CR LF
		return io.ErrUnexpectedEOF
	}
	want := hex.EncodeToString(mac(c.key, algorithm+"-PAYLOAD\n"+c.head+c.last+"\n"+emptySum+"\n"+sum(piece)))
	if !hmac.Equal([]byte(want), []byte(signature)) {
		return errSignature
	}
	c.last, c.piece, c.end = want, piece, size == 0
	return nil
}
