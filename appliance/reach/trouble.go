package reach

import (
	"fmt"
	"net/netip"

	"latchkey/dyndns/portmap"
)

// doorTrouble says in a person's words why the router does not open the door.
// why is the router's own, for whoever wants to know more.
func doorTrouble(fault portmap.Fault, why string, gateway netip.Addr) (text, hint string) {
	box := "your router"
	if gateway.IsValid() {
		box = "your router (" + gateway.String() + ")"
	}
	byHand := "Or choose to forward the port by hand; the page shows what to enter."
	switch fault {
	case portmap.FaultNone:
		return "The door is not open yet.", ""
	case portmap.Silent:
		return "No router answers Latchkey's questions about opening a port.",
			fmt.Sprintf("Open the settings of %s and switch on UPnP or “port mapping by devices” (PCP, NAT-PMP). %s", box, byHand)
	case portmap.Off:
		return "Port mapping is switched off in " + box + ".",
			"Switch on UPnP, or “allow devices to open ports”, there, for this computer at least. " + byHand
	case portmap.NoAddress:
		return "Your router has no address on the internet that it could open a port on.",
			"Either it has no connection now, or another router or the provider (CGNAT) stands in front of it. " + byHand
	case portmap.Conflict:
		return "Another device at home already holds the port in " + box + ".",
			"Look in the router's list of port mappings who that is, and remove what is not needed any more. " + byHand
	case portmap.OnlyPermanent:
		return "Your router only knows port mappings without an end, and refused that one too.", byHand
	case portmap.NoResources:
		return "Your router says that it can't add a port mapping now.",
			"Restarting it often helps; its list of mappings may be full. " + byHand
	case portmap.PortRefused:
		return "Your router opens ports for devices, but none of those that Latchkey asked for.", byHand
	case portmap.NotAuthorized:
		return "Your router does not allow this computer to open ports.",
			fmt.Sprintf("Allow it for this computer in the settings of %s. %s", box, byHand)
	}
	if why == "" {
		why = "It gave no reason that we know."
	}
	return "Your router did not open the port. " + why, byHand
}
