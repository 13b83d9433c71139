// Package auth stands in for a fork of go-http-auth that is not published. The rig has no route with a password, so
// everything that asks for one is refused.
package auth

import "net/http"

type SecretProvider func(user, realm string) string

type BasicAuth struct {
	Realm   string
	Secrets SecretProvider
}

func (*BasicAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) { refuse(w) }

func CheckSecret(string, string) bool { return false }

type DigestAuth struct{ Realm string }

func NewDigestAuthenticator(realm string, _ SecretProvider) *DigestAuth { return &DigestAuth{Realm: realm} }

func (*DigestAuth) CheckAuth(*http.Request) (string, *string) { return "", nil }

func (*DigestAuth) RequireAuth(w http.ResponseWriter, _ *http.Request) { refuse(w) }

func (*DigestAuth) RequireAuthStale(w http.ResponseWriter, _ *http.Request) { refuse(w) }

func DigestAuthParams(string) map[string]string { return nil }

func refuse(w http.ResponseWriter) {
	http.Error(w, "this build of Traefik knows no passwords", http.StatusUnauthorized)
}
