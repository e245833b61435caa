package clock

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestAttest(t *testing.T) {
	s := time.Second
	for _, tt := range []struct {
		name    string
		all     []Witness
		agree   bool
		trusted bool
		off     time.Duration
	}{
		{"nobody", nil, false, false, 0},
		{"one alone is not believed", []Witness{{"a", 0}}, false, false, 0},
		{"two of one host are one", []Witness{{"a", 0}, {"a", s}}, false, false, 0},
		{"two who agree with us", []Witness{{"a", 0}, {"b", 2 * s}}, true, true, 0},
		{"two who agree that we are behind", []Witness{{"a", 3600 * s}, {"b", 3602 * s}}, true, false, 3601 * s},
		{"two who agree that we are ahead", []Witness{{"a", -90 * s}, {"b", -92 * s}}, true, false, -91 * s},
		{"two who don't agree", []Witness{{"a", 0}, {"b", 300 * s}}, false, false, 0},
		{"a liar among three", []Witness{{"a", 0}, {"b", s}, {"c", 9000 * s}}, true, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := New()
			c.synced = func() bool { return false }
			if got := c.Attest(tt.all); got != tt.agree {
				t.Errorf("agreed %v", got)
			}
			if c.Trusted() != tt.trusted || (c.Off()-tt.off).Abs() > time.Second {
				t.Errorf("trusted %v, off %v", c.Trusted(), c.Off())
			}
		})
	}
	t.Run("a clock that is set afterwards is judged anew", func(t *testing.T) {
		set := time.Duration(0)
		c := New()
		c.synced = func() bool { return false }
		c.wall = func() time.Time { return time.Now().Add(set) }
		c.Attest([]Witness{{"a", time.Hour}, {"b", time.Hour}})
		before := c.Trusted()
		set = time.Hour
		after := c.Trusted()
		set = 2 * time.Hour
		if before || !after || c.Trusted() {
			t.Errorf("an hour behind %v, set right %v, an hour ahead %v", before, after, c.Trusted())
		}
	})
	t.Run("their word ends after a day", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := Told(time.Now, func() bool { return false })
			c.Attest([]Witness{{"a", 0}, {"b", 0}})
			time.Sleep(23 * time.Hour)
			before := c.Trusted()
			time.Sleep(2 * time.Hour)
			if !before || c.Trusted() {
				t.Errorf("after 23 hours %v, after 25 %v", before, c.Trusted())
			}
		})
	})
}

func TestAsk(t *testing.T) {
	ahead := time.Duration(0)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}))
	defer srv.Close()
	trust := x509.NewCertPool()
	trust.AddCert(srv.Certificate())
	for _, tt := range []struct {
		name  string
		ahead time.Duration
		roots *x509.CertPool
		fails bool
	}{
		{"the same time", 0, trust, false},
		{"an hour ahead", time.Hour, trust, false},
		{"a day at which its certificate is not good yet", -100 * 365 * 24 * time.Hour, trust, true},
		{"a stranger", 0, x509.NewCertPool(), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ahead = tt.ahead
			w, err := Ask(t.Context(), srv.URL, tt.roots)
			if (err != nil) != tt.fails {
				t.Fatalf("got %v", err)
			}
			if err == nil && (w.Ahead-tt.ahead).Abs() > 5*time.Second {
				t.Errorf("ahead by %v, want about %v", w.Ahead, tt.ahead)
			}
		})
	}
	t.Run("without TLS nobody is asked", func(t *testing.T) {
		if _, err := Ask(context.Background(), "http://example.org/", nil); err == nil {
			t.Error("asked")
		}
	})
}
