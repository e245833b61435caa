package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	// One part is in memory at a time, so that it can be sent once more; 10,000 of them are the most (S3), 160 GB.
	partBytes = 16 << 20
	mostParts = 10_000
	// A part is tried so often; after that the keeper of the backups tries all again, later.
	tries = 3
)

// bucket keeps backups below a prefix of an S3 bucket. A PUT and a completed multipart upload are whole or nothing by
// themselves (S3's promise), so there are no passing names.
type bucket struct {
	core      *minio.Core
	transport http.RoundTripper
	name      string
	prefix    string
	host      string
	plain     bool
}

var _ meeting = (*bucket)(nil)

func openS3(c Config, env Env) (meeting, string, error) {
	u, err := web(FieldEndpoint, c.Fields[FieldEndpoint], false)
	if err != nil {
		return nil, "", err
	}
	segments, err := folders(FieldFolder, c.value(FieldFolder))
	if err != nil {
		return nil, u.Host, err
	}
	name := c.Fields[FieldBucket]
	if len(name) < 3 || len(name) > 63 || !safe(name) || strings.Contains(name, "..") {
		return nil, u.Host, wrong(FieldBucket, "This is no name of a bucket.", "It has 3 to 63 letters, digits and dashes, and no slash.")
	}
	b := &bucket{name: name, host: u.Host, plain: u.Scheme == "http", transport: env.roundTripper(u.Scheme == "http")}
	if len(segments) > 0 {
		b.prefix = strings.Join(segments, "/") + "/"
	}
	b.core, err = minio.NewCore(u.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(strings.TrimSpace(c.Fields[FieldKeyID]), strings.TrimSpace(c.Fields[FieldKey]), ""),
		Secure: u.Scheme == "https", Region: c.value(FieldRegion), CustomRegionViaURL: regionOf,
		Transport: b.transport, MaxRetries: tries,
	})
	if err != nil {
		return nil, u.Host, wrong(FieldEndpoint, "This is no endpoint of S3.", "It looks like s3.eu-central-003.backblazeb2.com.").(*complaint).because(err)
	}
	b.core.SetAppInfo("latchkey", "1")
	return b, u.Host, nil
}

func (c *complaint) because(err error) error {
	c.err = err
	return c
}

// regionOf reads the region off an endpoint where it stands in it; "": the server is asked.
func regionOf(u url.URL) string {
	labels := strings.Split(u.Hostname(), ".")
	for _, end := range []string{".backblazeb2.com", ".wasabisys.com", ".amazonaws.com", ".scw.cloud"} {
		if strings.HasSuffix(u.Hostname(), end) && len(labels) == 4 && labels[0] == "s3" {
			return labels[1]
		}
	}
	switch {
	case strings.HasSuffix(u.Hostname(), ".your-objectstorage.com") && len(labels) == 3:
		return labels[0]
	case u.Hostname() == "s3.wasabisys.com", u.Hostname() == "s3.amazonaws.com":
		return "us-east-1"
	}
	return ""
}

// read tells the errors of S3 apart.
func (b *bucket) read(err error) error {
	if err == nil || errors.Is(err, ErrNotThere) {
		return err
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return cutOff(wrapped.Err)
	}
	var r minio.ErrorResponse
	if !errors.As(err, &r) {
		return cutOff(err)
	}
	said := fmt.Errorf("answered %d %s", r.StatusCode, short(r.Code)) // its message is not shown: it may quote the request
	switch r.Code {
	case minio.NoSuchBucket:
		return &complaint{
			code: CodeMissing, text: "There is no bucket " + b.name + " on {place}.", values: map[string]string{"field": FieldBucket},
			hint: "Check its name and the endpoint for a slip: each region has its own.", err: said,
		}
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "UnauthorizedAccess", "Unauthorized", "InvalidSecurity", "XAdminUserNotFound":
		return says(CodeRefused, said)
	case "RequestTimeTooSkewed":
		return &complaint{code: CodeRefused, text: "The clock of this machine is too far off for {place}.", hint: "It is set right by itself once the internet is reached; if it stays, check its time.", err: said}
	case minio.AccessDenied, "AllAccessDisabled":
		return says(CodePermission, said)
	case "EntityTooLarge":
		return says(CodeTooLarge, said)
	case "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientCapacity":
		return says(CodeFull, said)
	case minio.PreconditionFailed:
		return says(CodeExists, said)
	}
	switch {
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return says(CodeMoved, said)
	case r.StatusCode == http.StatusUnauthorized:
		return says(CodeRefused, said)
	case r.StatusCode == http.StatusForbidden:
		return says(CodePermission, said)
	case r.StatusCode == http.StatusServiceUnavailable, r.StatusCode == http.StatusTooManyRequests:
		return &complaint{code: CodeUnreachable, text: "{place} is busy.", hint: "Latchkey tries again by itself.", err: said}
	case r.StatusCode == http.StatusInsufficientStorage:
		return says(CodeFull, said)
	}
	return says(CodeBroken, said)
}

func (b *bucket) put(ctx context.Context, name string, r *exact, size int64) error {
	b.abort(ctx, household(name))
	part := int64(partBytes)
	if least := size/mostParts + 1; least > part {
		part = (least + 1<<20) >> 20 << 20
	}
	_, err := b.core.Client.PutObject(ctx, b.name, b.prefix+name, r, size, minio.PutObjectOptions{
		ContentType: "application/octet-stream", PartSize: uint64(part), SendContentMd5: true, NumThreads: 1,
	})
	return b.read(err)
}

// abort ends what earlier uploads of the same house left in parts, which costs money and shows in no list.
func (b *bucket) abort(ctx context.Context, household string) {
	for up := range b.core.Client.ListIncompleteUploads(ctx, b.name, b.prefix+household, false) {
		if up.Err != nil {
			return // not every provider allows or knows it
		}
		if b.core.AbortMultipartUpload(ctx, b.name, up.Key, up.UploadID) != nil {
			return
		}
	}
}

func (b *bucket) get(ctx context.Context, name string) (file, error) {
	body, _, _, err := b.core.GetObject(ctx, b.name, b.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, b.orMissing(err)
	}
	return &remoteBody{body}, nil
}

func (b *bucket) orMissing(err error) error {
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return ErrNotThere.Because(errors.New("answered NoSuchKey"))
	}
	return b.read(err)
}

func (b *bucket) list(ctx context.Context, each func(Object) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the lister when we leave early
	for o := range b.core.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix}) {
		if o.Err != nil {
			return b.read(o.Err)
		}
		name := strings.TrimPrefix(o.Key, b.prefix)
		if name == "" || strings.Contains(name, "/") {
			continue
		}
		if err := each(Object{Name: name, Size: o.Size, Time: o.LastModified}); err != nil {
			return err
		}
	}
	return nil
}

// remove looks first, since S3 answers the deletion of nothing like any other. It looks by a listing, because the
// refusal of a HEAD has no body that tells a wrong key from a missing file.
func (b *bucket) remove(ctx context.Context, name string) error {
	found := false
	for o := range b.core.Client.ListObjects(ctx, b.name, minio.ListObjectsOptions{Prefix: b.prefix + name}) {
		if o.Err != nil {
			return b.read(o.Err)
		}
		found = found || o.Key == b.prefix+name
	}
	if !found {
		return ErrNotThere
	}
	return b.read(b.core.Client.RemoveObject(ctx, b.name, b.prefix+name, minio.RemoveObjectOptions{}))
}

func (b *bucket) free(context.Context) (int64, error) { return -1, nil }

func (b *bucket) close() error {
	if t, ok := b.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

func (b *bucket) meet(_ context.Context, _ map[string]string, look *Look) error {
	look.Text = "Backups go to the bucket " + b.name + " on " + b.host + " through an encrypted connection."
	if b.plain {
		look.Text = "The connection to " + b.host + " is not encrypted. The backups themselves are, and the secret key is never sent."
		look.Hint = "If the server can do https, let the endpoint begin with https://."
	}
	return nil
}

// prepare has nothing to make: a prefix is no folder. The bucket is looked at by the first listing.
func (b *bucket) prepare(context.Context, map[string]string, *Look) error { return nil }
