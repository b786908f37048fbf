package main

import (
	"encoding/json"
	"fmt"
)

func init() {
	register(map[string]func([]string){
		"machine-config": func([]string) { loadService(`{"name":"api","database":{"host":"db1"}}`) },
	})
}

type ServiceConfig struct {
	Name     string          `json:"name"`
	Database *DatabaseConfig `json:"database"`
	Cache    *CacheConfig    `json:"cache"`
}

type DatabaseConfig struct {
	Host string     `json:"host"`
	TLS  *TLSConfig `json:"tls"`
}

type TLSConfig struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
}

type CacheConfig struct {
	Size int  `json:"size"`
	TTL  *int `json:"ttl"`
}

func (c *ServiceConfig) certificate() string {
	return c.Name + c.Database.Host + c.Database.TLS.Cert
}

func loadService(text string) {
	var c ServiceConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	fmt.Println(c.certificate())
}
