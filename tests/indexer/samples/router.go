// Package router matches request paths to handlers.
package router

import (
	"net/http"
	"strings"
)

const Separator = "/"

// Route is one path and what answers it.
type Route struct {
	Path    string
	Handler http.Handler
}

// Matcher decides whether a path is meant.
type Matcher interface {
	Match(path string) bool
}

type (
	// Method is an HTTP verb.
	Method string
	Table map[string]*Route
)

// Match reports whether the path is this route's.
func (r *Route) Match(path string) bool {
	return strings.HasPrefix(path, r.Path)
}

func (t Table) Len() int { return len(t) }

// Normalize drops a trailing separator.
func Normalize(path string, lower bool) (string, error) {
	return strings.TrimRight(path, Separator), nil
}

func Map[T any](items []T, change func(T) T) []T {
	return nil
}
