package listen

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnswering(t *testing.T) {
	for _, test := range []struct {
		name          string
		body          string
		reads         bool
		before, after int32 // how many ask, when the handler begins and when it has read the body
	}{
		{"a request without a body asks at once", "", false, 1, 1},
		{"one with a body asks once that is read", "some", true, 0, 1},
		{"one whose body nobody reads does not ask", "some", false, 0, 0},
	} {
		for _, panics := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				c := &counted{held: &held{}}
				handler := answering(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					if got := c.held.asking.Load(); got != test.before {
						t.Errorf("at first %d ask, want %d", got, test.before)
					}
					if test.reads {
						for range 2 { // a second reading counts for nothing
							if _, err := io.ReadAll(r.Body); err != nil {
								t.Error(err)
							}
						}
					}
					if got := c.held.asking.Load(); got != test.after {
						t.Errorf("then %d ask, want %d", got, test.after)
					}
					if panics {
						panic(http.ErrAbortHandler)
					}
				}))
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(test.body))
				r = r.WithContext(context.WithValue(r.Context(), vouchKey{}, c))
				func() {
					defer func() { _ = recover() }()
					handler.ServeHTTP(httptest.NewRecorder(), r)
				}()
				if got := c.held.asking.Load(); got != 0 {
					t.Errorf("after the answer %d ask", got)
				}
			})
		}
	}
	t.Run("what came through none of our doors is served as it is", func(t *testing.T) {
		served := false
		answering(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true })).
			ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		if !served {
			t.Error("it is not")
		}
	})
}
