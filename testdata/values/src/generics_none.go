//go:build !go1.18
// +build !go1.18

package main

func generics(next func()) { next() }

func phrasesOfGenerics(next func()) { next() }
