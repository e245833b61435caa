// Package setup is the first run: the link that begins it, the session of the
// browser that opened the link, and the steps until the house has an owner and
// a recovery kit. Each step is done when what it makes is kept, so that a kill
// at any point resumes at the first step not done.
package setup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// How long a link waits to be opened, and how long the browser that opened it
// may rest between two steps.
const (
	LinkLife    = 30 * time.Minute
	sessionLife = time.Hour
)

// tokenLength of links and sessions, in random bytes: 128 bits can't be
// guessed through a network.
const tokenLength = 16

// ErrNoLink is the answer to every wrong, expired or spent token; the door
// makes it a plain 404, so that nobody learns that there is something to find.
var ErrNoLink = problem.New(problem.NotFound, "setup.link",
	"This set-up link has expired, was used already, or is not from this house.",
	"Start Latchkey again, or run `latchkey setup --link`, and open the new link.")

// Owners reports whether the house has an owner.
type Owners interface {
	HasOwner(ctx context.Context) (bool, error)
}

// Reached tells how far the way in from outside is; nil where there is none.
type Reached interface {
	// Named reports whether the name and its certificate are there.
	Named() bool
	// Opened reports whether somebody came through the door, or that proof was
	// put off.
	Opened() bool
}

// Config is what Setup needs. Every field but Reached is required.
type Config struct {
	Owners   Owners
	Reached  Reached
	Settings *settings.Settings
	Kits     *Kits
	Checks   []health.Check // of "where am I"
	Board    *health.Board
	Now      func() time.Time
}

// Setup is the first run of one house.
type Setup struct {
	Config

	mu      sync.Mutex
	link    secret
	session secret
}

// secret is a token kept as its hash with its end.
type secret struct {
	hash [sha256.Size]byte
	ends time.Time
}

func (s *secret) is(token string, now time.Time) bool {
	return token != "" && now.Before(s.ends) && sha256.Sum256([]byte(token)) == s.hash
}

// New makes the first run; no link exists yet.
func New(c Config) *Setup { return &Setup{Config: c} }

// NewLink makes a link's token and ends the link and session before it. It is
// refused once there is an owner.
func (s *Setup) NewLink(ctx context.Context) (string, error) {
	has, err := s.Owners.HasOwner(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for an owner: %w", err)
	}
	if has {
		return "", problem.New(problem.Refused, "setup.done", "This house is already set up.", "Open its page and sign in.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := newToken()
	s.link = secret{sha256.Sum256([]byte(token)), s.Now().Add(LinkLife)}
	s.session = secret{}
	return token, nil
}

// Claim spends the link's token and gives a wizard session in its place, or
// ErrNoLink.
func (s *Setup) Claim(ctx context.Context, token string) (string, error) {
	has, err := s.Owners.HasOwner(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for an owner: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if has || !s.link.is(token, now) {
		return "", ErrNoLink
	}
	session := newToken()
	s.link = secret{}
	s.session = secret{sha256.Sum256([]byte(session)), now.Add(sessionLife)}
	return session, nil
}

// Move makes another link for the wizard's own browser, which goes on under
// another name of the house; the present session ends when that link is
// claimed.
func (s *Setup) Move(ctx context.Context) (string, error) {
	has, err := s.Owners.HasOwner(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for an owner: %w", err)
	}
	if has {
		return "", problem.New(problem.Refused, "setup.done", "This house is already set up.", "Open its page and sign in.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := newToken()
	s.link = secret{sha256.Sum256([]byte(token)), s.Now().Add(LinkLife)}
	return token, nil
}

// Admits reports whether session is the wizard's, and lets it live on.
func (s *Setup) Admits(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if !s.session.is(session, now) {
		return false
	}
	s.session.ends = now.Add(sessionLife)
	return true
}

// Step is one screen of the wizard that leaves something behind.
type Step string

// The steps in their order. Done is where the wizard ends.
const (
	Where Step = "where"
	Reach Step = "reach"
	Name  Step = "name" // the name on the internet; only where the house is to be reached from anywhere
	Owner Step = "owner"
	Kit   Step = "kit"
	Door  Step = "door" // through the router; only where Name is
	Done  Step = "done"
)

// The ways in which a house may be reached, as settings.ReachMode holds them.
const (
	Home   = "home"   // on the home network only
	Public = "public" // from any network
)

// StepState says whether a step is done.
type StepState struct {
	Name Step `json:"name"`
	Done bool `json:"done"`
}

// State is where the first run stands.
type State struct {
	Step  Step        `json:"step"` // the first that is not done
	Steps []StepState `json:"steps"`
	Reach string      `json:"reach"` // Home, Public, or empty while not chosen
}

// State tells where the first run stands, from what is kept. Looking around
// (Where) keeps nothing and counts as done once reach was chosen.
func (s *Setup) State(ctx context.Context) (State, error) {
	has, err := s.Owners.HasOwner(ctx)
	if err != nil {
		return State{}, fmt.Errorf("looking for an owner: %w", err)
	}
	_, made, err := s.Kits.Made(ctx)
	if err != nil {
		return State{}, err
	}
	reach := s.Settings.Text(settings.ReachMode)
	st := State{Step: Done, Reach: reach, Steps: s.steps(reach, has, made)}
	for _, step := range st.Steps {
		if !step.Done {
			st.Step = step.Name
			break
		}
	}
	return st, nil
}

// steps are those of a way to reach the house. On the public path name and
// certificate come before the owner, so that nobody types a password into a
// page that is not proven, and the door comes last: a house without an owner is
// not opened to the internet.
func (s *Setup) steps(reach string, owner, kit bool) []StepState {
	steps := []StepState{{Where, reach != ""}, {Reach, reach != ""}}
	public := reach == Public && s.Reached != nil
	if public {
		steps = append(steps, StepState{Name, s.Reached.Named()})
	}
	steps = append(steps, StepState{Owner, owner}, StepState{Kit, kit})
	if public {
		steps = append(steps, StepState{Door, s.Reached.Opened()})
	}
	return steps
}

// SetReach keeps how the house is to be reached: Home or Public.
func (s *Setup) SetReach(ctx context.Context, mode string) error {
	if mode != Home && (mode != Public || s.Reached == nil) {
		return problem.New(problem.Refused, "reach.unknown", "There is no way called "+fmt.Sprintf("%q", mode)+" to reach this house.", "Choose the home network, or anywhere.")
	}
	has, err := s.Owners.HasOwner(ctx)
	if err != nil {
		return fmt.Errorf("looking for an owner: %w", err)
	}
	if has && s.Settings.Text(settings.ReachMode) != "" {
		return problem.New(problem.Refused, "reach.owned", "The house has an owner now, who alone can change how it is reached.", "Sign in and open Reach in the settings.")
	}
	return s.Settings.Set(ctx, map[string]any{settings.ReachMode: mode})
}

// Look runs the checks of "where am I".
func (s *Setup) Look(ctx context.Context) []health.Finding { return health.RunAll(ctx, s.Checks) }

func newToken() string {
	b := make([]byte, tokenLength)
	_, _ = rand.Read(b) // ends the process rather than fail
	return base64.RawURLEncoding.EncodeToString(b)
}

// kitMissing is the condition of a house whose owner has no recovery kit yet.
const kitMissing = "kit.missing"

// Review sets or clears what the first run has to say to health. Call it at
// the start and after each step.
func (s *Setup) Review(ctx context.Context) error {
	has, err := s.Owners.HasOwner(ctx)
	if err != nil {
		return fmt.Errorf("looking for an owner: %w", err)
	}
	_, made, err := s.Kits.Made(ctx)
	if err != nil {
		return err
	}
	s.Board.SetIf(has && !made, health.Condition{
		Code: kitMissing, Severity: health.Warning,
		Text: "There is no recovery kit yet.",
		Hint: "Make one in the settings and print it: if this machine dies, nothing else opens a backup.",
	})
	return nil
}
