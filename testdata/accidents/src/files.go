package main

import (
	"net"
	"os"
	"syscall"
	"time"
)

func init() {
	register(map[string]func(){"open-files": openFiles})
}

// openFiles leaves ten connections to one address open, and one listener, when there are no descriptors any more.
func openFiles() {
	syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	var accepted []net.Conn
	for i := 0; i < 10; i++ {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			panic(err)
		}
		go connection.Read(make([]byte, 1))
		other, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		accepted = append(accepted, other)
	}
	go listener.Accept()
	time.Sleep(20 * time.Millisecond)
	var files []*os.File
	for {
		file, err := os.Open("/dev/null")
		if err != nil {
			panic(err)
		}
		files = append(files, file)
	}
}
