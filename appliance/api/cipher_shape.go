package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

func lower(s string) string { return strings.ToLower(s) }

// dateFormat is the wire's: six digits of a second, UTC.
const dateFormat = "2006-01-02T15:04:05.000000Z"

func date(t time.Time) string { return t.UTC().Format(dateFormat) }

// dateOrNull is a date, or null for the zero time.
func dateOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := date(t)
	return &s
}

// appendDate writes a date, or null for the zero time.
func appendDate(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, dateFormat)
	return append(b, '"')
}

// appendCipher writes an item as its owner sees it: our attributes, then the
// body. IDs are UUIDs and need no quoting beyond the marks.
func appendCipher(b []byte, it vault.Item) []byte {
	b = append(b, `{"object":"cipherDetails","id":"`...)
	b = append(b, it.ID...)
	b = append(b, `","organizationId":null,"organizationUseTotp":false,"folderId":`...)
	if it.Folder == "" {
		b = append(b, "null"...)
	} else {
		b = append(append(append(b, '"'), it.Folder...), '"')
	}
	b = append(b, `,"favorite":`...)
	b = strconv.AppendBool(b, it.Favourite)
	b = append(b, `,"edit":true,"viewPassword":true,"permissions":{"delete":true,"restore":true},"collectionIds":[],"attachments":null,"revisionDate":`...)
	b = appendDate(b, it.Revision.Time())
	b = append(b, `,"creationDate":`...)
	b = appendDate(b, it.Created)
	b = append(b, `,"deletedDate":`...)
	b = appendDate(b, it.Deleted)
	b = append(b, `,"archivedDate":`...)
	b = appendDate(b, it.Archived)
	b = append(b, ',')
	b = append(b, it.Body...)
	return append(b, '}')
}

func cipher(it vault.Item) spliced { return spliced{appendCipher(nil, it)} }

func cipherList(items []vault.Item) spliced {
	b := []byte(`{"data":[`)
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendCipher(b, it)
	}
	return spliced{append(b, `],"object":"list","continuationToken":null}`...)}
}

// requestAttributes are the server-owned names that a client may ask for.
type requestAttributes struct {
	FolderID              *string
	OrganizationID        *string
	Favorite              bool
	ArchivedDate          *time.Time
	DeletedDate           *time.Time
	LastKnownRevisionDate *time.Time
	EncryptedFor          *string
}

// draft splits an item's request into what the server owns and the body.
func (c *call) draft(raw []byte) (vault.Draft, requestAttributes, error) {
	var at requestAttributes
	if err := json.Unmarshal(raw, &at); err != nil {
		return vault.Draft{}, at, badBody(err)
	}
	if deref(at.OrganizationID) != "" {
		return vault.Draft{}, at, problem.New(problem.Refused, "item.organization", "This house does not keep items of organisations.", "Keep it in your own vault.")
	}
	if for_ := deref(at.EncryptedFor); for_ != "" && for_ != string(c.session.Owner) {
		return vault.Draft{}, at, problem.New(problem.Refused, "item.other", "This item was encrypted for somebody else.", "Sign out of the app and in again.")
	}
	o, err := readObject(raw)
	if err != nil {
		return vault.Draft{}, at, badBody(err)
	}
	body, err := shapeBody(o)
	d := vault.Draft{Folder: vault.FolderID(lower(deref(at.FolderID))), Favourite: at.Favorite, Body: body}
	if at.ArchivedDate != nil {
		d.Archived = at.ArchivedDate.UTC()
	}
	return d, at, err
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func folderShape(f vault.Folder) any {
	return struct {
		ID           vault.FolderID `json:"id"`
		Name         string         `json:"name"`
		RevisionDate string         `json:"revisionDate"`
		Object       string         `json:"object"`
	}{f.ID, f.Name, date(f.Revision.Time()), "folder"}
}

// list is the wire's list object.
type list struct {
	Data              any     `json:"data"`
	Object            string  `json:"object"`
	ContinuationToken *string `json:"continuationToken"`
}

func listOf(data any) list { return list{Data: data, Object: "list"} }
