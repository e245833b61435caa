package house_test

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"latchkey/test/house"
)

// TestItemsApart wants many items of different lengths to stay apart through everything that touches several
// of them at once: lists, moves, and a folder that is deleted under them.
func TestItemsApart(t *testing.T) {
	h := house.Start(t, house.Options{})
	owner := h.Owner()
	type cipher = map[string]any
	var folder struct {
		ID string `json:"id"`
	}
	owner.Must(http.MethodPost, "/api/folders", map[string]string{"name": owner.Key.SealText("Wharf")}, &folder)
	kept := map[string]cipher{}
	for i := range 9 {
		item := owner.Login(fmt.Sprintf("item %d", i), "u", strings.Repeat("long ", i*i*7))
		item["notes"] = owner.Key.SealText(strings.Repeat("n", 3+i*211%600))
		if i%2 == 0 {
			item["folderId"] = folder.ID
		}
		var made cipher
		owner.Must(http.MethodPost, "/api/ciphers", item, &made)
		kept[made["id"].(string)] = made
	}

	// compare wants what is kept, but for the attributes that an act may change.
	compare := func(t *testing.T, got []cipher) {
		t.Helper()
		if len(got) != len(kept) {
			t.Fatalf("%d items, want %d", len(got), len(kept))
		}
		for _, one := range got {
			want := maps.Clone(kept[one["id"].(string)])
			for _, name := range []string{"folderId", "revisionDate", "object"} {
				delete(one, name)
				delete(want, name)
			}
			if !reflect.DeepEqual(one, want) {
				t.Errorf("an item came back changed:\ngot  %v\nwant %v", one, want)
			}
		}
	}
	sync := func(t *testing.T) []cipher {
		t.Helper()
		var all struct {
			Ciphers []cipher `json:"ciphers"`
		}
		owner.Must(http.MethodGet, "/api/sync?excludeDomains=true", nil, &all)
		return all.Ciphers
	}

	t.Run("the list gives each its own body", func(t *testing.T) {
		var all struct {
			Data []cipher `json:"data"`
		}
		owner.Must(http.MethodGet, "/api/ciphers", nil, &all)
		compare(t, all.Data)
	})
	t.Run("a sync does too", func(t *testing.T) { compare(t, sync(t)) })
	t.Run("moving several changes nothing else of them", func(t *testing.T) {
		var ids []string
		for id := range kept {
			ids = append(ids, id)
		}
		owner.Must(http.MethodPut, "/api/ciphers/move", map[string]any{"ids": ids, "folderId": folder.ID}, nil)
		compare(t, sync(t))
	})
	t.Run("deleting the folder leaves every item whole, in no folder", func(t *testing.T) {
		owner.Must(http.MethodDelete, "/api/folders/"+folder.ID, nil, nil)
		all := sync(t)
		for _, one := range all {
			if one["folderId"] != nil {
				t.Errorf("an item is still in folder %v", one["folderId"])
			}
		}
		compare(t, all)
	})
	t.Run("and after kill -9", func(t *testing.T) {
		h.Kill()
		h.Restart()
		compare(t, sync(t))
	})
}
