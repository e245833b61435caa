package portmap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/huin/goupnp"
	ig2 "github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/huin/goupnp/soap"
)

const (
	// descriptionMost and servicesMost bound a description: real ones have
	// 2 to 20 KB and a dozen services.
	descriptionMost = 256 << 10
	servicesMost    = 64
	devicesDeep     = 8
)

// rootXML is a device description, as far as it is used. goupnp's own type reads
// numbers and icons too, and fails as a whole on a router that writes them badly.
type rootXML struct {
	XMLName xml.Name  `xml:"root"`
	Base    string    `xml:"URLBase"`
	Device  deviceXML `xml:"device"`
}

type deviceXML struct {
	Friendly string       `xml:"friendlyName"`
	Maker    string       `xml:"manufacturer"`
	Model    string       `xml:"modelName"`
	Number   string       `xml:"modelNumber"`
	Services []serviceXML `xml:"serviceList>service"`
	Devices  []deviceXML  `xml:"deviceList>device"`
}

type serviceXML struct {
	Type    string `xml:"serviceType"`
	Control string `xml:"controlURL"`
}

// description is what a router says that it can do.
type description struct {
	name     string
	services []service
}

// service is one of the services that we speak.
type service struct {
	protocol Protocol
	urn      string
	control  url.URL
}

// spoken maps the services that we use; those of the same protocol differ in
// nothing that we use.
var spoken = map[string]Protocol{
	ig2.URN_WANIPConnection_2:        UPnP2,
	ig2.URN_WANIPConnection_1:        UPnP1,
	ig2.URN_WANPPPConnection_1:       UPnPPPP,
	ig2.URN_WANIPv6FirewallControl_1: PinholeUPnP,
}

// parseDescription reads the description found at location. Control URLs that
// lead outside the fence are brought back to the host of location: some routers
// name an address of theirs that is not ours to reach.
func parseDescription(b []byte, location *url.URL, within fence) (description, error) {
	var root rootXML
	if err := decodeXML(b, &root); err != nil {
		return description{}, fmt.Errorf("reading a description: %w", err)
	}
	base := location
	if u, err := url.Parse(strings.TrimSpace(root.Base)); err == nil && u.Scheme == "http" && u.Host != "" {
		base = u
	}
	d := description{name: root.Device.name()}
	root.Device.visit(devicesDeep, func(s serviceXML) {
		protocol, ok := spoken[strings.TrimSpace(s.Type)]
		if !ok || len(d.services) >= servicesMost {
			return
		}
		if control, err := controlURL(base, location, s.Control, within); err == nil {
			d.services = append(d.services, service{protocol: protocol, urn: strings.TrimSpace(s.Type), control: control})
		}
	})
	return d, nil
}

func (d deviceXML) visit(deep int, fn func(serviceXML)) {
	for _, s := range d.Services {
		fn(s)
	}
	if deep == 0 {
		return
	}
	for _, inner := range d.Devices {
		inner.visit(deep-1, fn)
	}
}

// name is the maker and model, fit for a log and a page.
func (d deviceXML) name() string {
	model := strings.TrimSpace(d.Model)
	if model == "" {
		model = strings.TrimSpace(d.Friendly)
	}
	name := strings.TrimSpace(d.Maker) + " " + model
	if number := strings.TrimSpace(d.Number); number != "" && !strings.Contains(name, number) {
		name += " " + number
	}
	return plain(name, 80)
}

// plain is a router's text without what does not belong on a page.
func plain(s string, most int) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
	for len(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

var errNoControl = errors.New("no usable control URL")

func controlURL(base, location *url.URL, control string, within fence) (url.URL, error) {
	control = strings.TrimSpace(control)
	if control == "" {
		return url.URL{}, errNoControl
	}
	// As goupnp does: a path is meant from the root, however it is written.
	if !strings.Contains(control, "://") && !strings.HasPrefix(control, "/") {
		control = "/" + control
	}
	ref, err := url.Parse(control)
	if err != nil {
		return url.URL{}, errNoControl
	}
	u := *base.ResolveReference(ref)
	if _, _, err := within.place(u.String()); err != nil {
		u.Scheme, u.User, u.Host = location.Scheme, nil, location.Host
	}
	return u, nil
}

// client is goupnp's for a service, with our HTTP.
func (s service) client(at *transport) goupnp.ServiceClient {
	c := soap.NewSOAPClient(s.control)
	c.HTTPClient = at.client()
	return goupnp.ServiceClient{SOAPClient: c, Location: &s.control, Service: &goupnp.Service{ServiceType: s.urn}}
}

// over6 is the same service at the router's IPv6 address: AddPinhole must
// arrive from the very address that it opens.
func (s service) over6(gateway netip.Addr) service {
	port := s.control.Port()
	if port == "" {
		port = "80"
	}
	host := gateway.String() // with its zone
	s.control.Host = "[" + host + "]:" + port
	return s
}

// decodeXML forgives what routers write: Latin-1, bytes before the first tag,
// bare ampersands, any namespace.
func decodeXML(b []byte, into any) error {
	if i := bytes.IndexByte(b, '<'); i > 0 {
		b = b[i:]
	}
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) {
		all, err := io.ReadAll(in)
		return bytes.NewReader(latin1(all)), err
	}
	return d.Decode(into)
}

// latin1 makes UTF-8 of what is not UTF-8 already.
func latin1(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return []byte(string(out))
}
