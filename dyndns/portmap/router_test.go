package portmap

import (
	"context"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/dyndns/uplink"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// router is a small router on loopback. It speaks NAT-PMP, PCP and UPnP over
// real sockets, keeps one table for all, counts what reaches it, and fails as
// it is told.
type router struct {
	mu sync.Mutex

	pcp, natpmp, igd bool // what it speaks
	external         netip.Addr
	began            time.Time // of its epoch
	deny             uint16    // ports below are refused
	plainPCP         bool      // knows no PREFER_FAILURE
	permanent        bool      // 725 to every lease
	noRenewal        bool      // 718 to its own client's mapping
	wrong            uint16    // gives this port instead of a denied one
	fault            int       // SOAP fault to every AddPortMapping
	table            map[uint16]row
	counts           map[string]int

	udp, ssdp *net.UDPConn
	http      *httptest.Server
}

type row struct {
	client   string
	internal uint16
	text     string
	nonce    nonce
	lease    uint32
}

func newRouter(t *testing.T) *router {
	t.Helper()
	r := &router{
		external: netip.MustParseAddr("203.0.113.10"), began: time.Now().Add(-time.Hour),
		table: map[uint16]row{}, counts: map[string]int{},
	}
	r.udp, r.ssdp = listenUDP(t), listenUDP(t)
	return r
}

// start has it answer; until then a test may set it up.
func (r *router) start(t *testing.T) {
	r.http = httptest.NewServer(r)
	t.Cleanup(r.http.Close)
	go r.serve(r.udp, r.gateway)
	go r.serve(r.ssdp, r.discover)
}

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (r *router) serve(c *net.UDPConn, answer func([]byte) []byte) {
	b := make([]byte, 2048)
	for {
		n, from, err := c.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		r.mu.Lock()
		out := answer(b[:n])
		r.mu.Unlock()
		if out != nil {
			_, _ = c.WriteToUDPAddrPort(out, from)
		}
	}
}

func (r *router) epoch() uint32 { return uint32(time.Since(r.began) / time.Second) }

// gateway answers NAT-PMP and PCP.
func (r *router) gateway(b []byte) []byte {
	switch {
	case len(b) >= 24 && b[0] == pcpVersion && r.pcp:
		return r.answerPCP(b)
	case len(b) >= 2 && b[0] == pcpVersion && r.natpmp: // RFC 6886, section 3.5
		return binary.BigEndian.AppendUint32([]byte{0, 128, 0, natpmpBadVersion}, r.epoch())
	case len(b) >= 2 && b[0] == 0 && r.natpmp:
		return r.answerNATPMP(b)
	}
	return nil
}

func (r *router) answerPCP(b []byte) []byte {
	out := make([]byte, pcpHeader, pcpMapSize)
	out[0], out[1] = pcpVersion, b[1]|pcpResponseBit
	copy(out[4:8], b[4:8])
	binary.BigEndian.PutUint32(out[8:], r.epoch())
	if b[1] == pcpAnnounce {
		r.counts["pcp announce"]++
		return out
	}
	r.counts["pcp map"]++
	out = append(out, b[24:60]...)
	internal, port := binary.BigEndian.Uint16(b[40:]), binary.BigEndian.Uint16(b[42:])
	life, n := binary.BigEndian.Uint32(b[4:]), nonce(b[24:36])
	if len(b) > pcpMapSize && r.plainPCP {
		out[3] = pcpBadOption
		return out
	}
	if life == 0 {
		for p, w := range r.table {
			if w.internal == internal && w.nonce == n {
				delete(r.table, p)
			}
		}
		return out
	}
	if w, taken := r.table[port]; port < r.deny || taken && w.nonce != n {
		out[3] = pcpCannotProvide
		if r.plainPCP && r.wrong != 0 {
			out[3], port = pcpOK, r.wrong
		}
	}
	if out[3] != pcpOK {
		return out
	}
	r.table[port] = row{loopback.String(), internal, "PCP", n, life}
	binary.BigEndian.PutUint16(out[42:], port)
	a := r.external.As16()
	copy(out[44:], a[:])
	return out
}

func (r *router) answerNATPMP(b []byte) []byte {
	out := binary.BigEndian.AppendUint32([]byte{0, b[1] | 128, 0, 0}, r.epoch())
	if b[1] == natpmpAddress {
		r.counts["natpmp address"]++
		return append(out, r.external.AsSlice()...)
	}
	r.counts["natpmp map"]++
	internal, port, life := binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:]), binary.BigEndian.Uint32(b[8:])
	for p, w := range r.table {
		if w.internal == internal && w.client == loopback.String() {
			delete(r.table, p)
		}
	}
	if life > 0 {
		if _, taken := r.table[port]; port < r.deny || taken {
			port = max(r.wrong, 1024)
		}
		r.table[port] = row{client: loopback.String(), internal: internal, text: "NAT-PMP", lease: life}
	}
	out = binary.BigEndian.AppendUint16(out, internal)
	out = binary.BigEndian.AppendUint16(out, port)
	return binary.BigEndian.AppendUint32(out, life)
}

func (r *router) discover(b []byte) []byte {
	r.counts["ssdp"]++
	if !r.igd || !strings.Contains(string(b), "ST: "+searched[0]) {
		return nil
	}
	return fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nST: %s\r\nLOCATION: %s/root.xml\r\n\r\n", searched[0], r.http.URL)
}

type soapCall struct {
	Port     uint16 `xml:"NewExternalPort"`
	Internal uint16 `xml:"NewInternalPort"`
	Client   string `xml:"NewInternalClient"`
	Text     string `xml:"NewPortMappingDescription"`
	Lease    uint32 `xml:"NewLeaseDuration"`
}

func (r *router) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Method == http.MethodGet {
		r.counts["description"]++
		_, _ = io.WriteString(w, `<root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><manufacturer>Test</manufacturer><modelName>Router</modelName>
			<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>/ctl</controlURL></service></serviceList></device></root>`)
		return
	}
	_, action, _ := strings.Cut(strings.Trim(q.Header.Get("SOAPAction"), `"`), "#")
	r.counts[action]++
	var envelope struct {
		Body struct {
			Call soapCall `xml:",any"`
		}
	}
	_ = xml.NewDecoder(q.Body).Decode(&envelope)
	out, fault := r.soap(action, envelope.Body.Call)
	if fault != 0 {
		w.WriteHeader(http.StatusInternalServerError)
		out = `<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>` + strconv.Itoa(fault) + `</errorCode></UPnPError></detail></s:Fault>`
	} else {
		out = `<u:` + action + `Response xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1">` + out + `</u:` + action + `Response>`
	}
	_, _ = io.WriteString(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`+out+`</s:Body></s:Envelope>`)
}

func (r *router) soap(action string, c soapCall) (string, int) {
	have, there := r.table[c.Port]
	switch action {
	case "GetExternalIPAddress":
		return "<NewExternalIPAddress>" + r.external.String() + "</NewExternalIPAddress>", 0
	case "GetSpecificPortMappingEntry":
		if !there {
			return "", upnpNoSuchEntry
		}
		return fmt.Sprintf("<NewInternalPort>%d</NewInternalPort><NewInternalClient>%s</NewInternalClient><NewEnabled>1</NewEnabled><NewPortMappingDescription>%s</NewPortMappingDescription><NewLeaseDuration>%d</NewLeaseDuration>",
			have.internal, have.client, have.text, have.lease), 0
	case "DeletePortMapping":
		delete(r.table, c.Port)
		return "", 0
	case "AddPortMapping":
		switch {
		case r.fault != 0:
			return "", r.fault
		case r.permanent && c.Lease != 0:
			return "", upnpOnlyPermanent
		case c.Port < r.deny:
			return "", upnpNotAuthorized
		case there && (r.noRenewal || have.client != c.Client):
			return "", upnpConflict
		}
		r.table[c.Port] = row{client: c.Client, internal: c.Internal, text: c.Text, lease: c.Lease}
		return "", 0
	}
	return "", upnpInvalidAction
}

func (r *router) look(port uint16) (row, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, ok := r.table[port]
	return w, ok
}

func (r *router) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[what]
}

// hold starts a Mapper at the router and waits until done says so. stop ends it.
func (r *router) hold(t *testing.T, k Keep, w *Want, done func(State) bool) (m *Mapper, stop func()) {
	t.Helper()
	r.start(t)
	m = New(Config{Uplink: standing{}, Keep: k, Identity: "test", ears: deaf{}})
	n := newNetwork(m.epochs, m.mark())
	n.gateway = r.udp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	n.ssdp = r.ssdp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	n.group = r.ssdp.LocalAddr().(*net.UDPAddr).AddrPort()
	n.wait = 400 * time.Millisecond
	m.cfg.seek = n
	m.Hold(w)
	states := make(chan State, 256)
	m.Subscribe(func(s State) { states <- s })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = m.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-ended
	}
	t.Cleanup(stop)
	for late := time.After(20 * time.Second); ; {
		select {
		case s := <-states:
			if done(s) {
				return m, stop
			}
		case <-late:
			t.Fatalf("waited in vain: %+v, v4 %+v", m.State(), m.State().V4)
		}
	}
}

func held(s State) bool { return s.V4 != nil }

func troubled(s State) bool { return s.Trouble != FaultNone }

type standing struct{}

func (standing) Now() (uplink.Route, error) {
	return uplink.Route{Interface: "lo", Gateway4: loopback, Address4: loopback, Prefix4: netip.MustParsePrefix("127.0.0.0/8")}, nil
}

type deaf struct{}

func (deaf) listen(ctx context.Context, _ uplink.Route, _ func(news)) { <-ctx.Done() }
