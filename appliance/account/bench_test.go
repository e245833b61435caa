package account_test

import "testing"

// BenchmarkSession is what each request costs here: the session behind its
// access token, and whether it is limited. Goal: under a microsecond, and
// without memory. After a write of anybody's it is read anew.
func BenchmarkSession(b *testing.B) {
	s := newStage(b)
	s.owner()
	g := s.signIn("laptop")
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			session, err := s.Session(b.Context(), g.AccessToken)
			if err != nil || s.Limited(session) {
				b.Fatal(err)
			}
		}
	})
	b.Run("after a write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			s.Forget()
			if _, err := s.Session(b.Context(), g.AccessToken); err != nil {
				b.Fatal(err)
			}
		}
	})
}
