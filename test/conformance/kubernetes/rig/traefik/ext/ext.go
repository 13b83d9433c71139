// Package ext stands in for Traefik's extension points of its dynamic configuration: a nested module that is not
// published. Nothing extends Traefik here, so its types are empty.
package ext

type HTTP struct{}

type Router struct{}
