// The Go peer of the interop lab: crypto/tls of the standard library, speaking the lab's protocol (test/interop/peer.ts).
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

const connectionTimeout = 15 * time.Second

type config struct {
	Role        string        `json:"role"`
	Connections int           `json:"connections"`
	Version     string        `json:"version"`
	Groups      []tls.CurveID `json:"groups"`
	CA          string        `json:"ca"`
	Cert        string        `json:"cert"`
	Key         string        `json:"key"`
	RequestCert bool          `json:"requestCert"`
	Port        int           `json:"port"`
	Bytes       int           `json:"bytes"`
}

// What the peer saw of one connection. crypto/tls does not tell which signature schemes were used.
type report struct {
	Protocol          string `json:"protocol"`
	Group             uint16 `json:"group,omitempty"`
	CipherSuite       uint16 `json:"cipherSuite"`
	Resumed           bool   `json:"resumed"`
	HelloRetryRequest bool   `json:"helloRetryRequest"`
	PeerCertificate   string `json:"peerCertificate"`
	Sent              string `json:"sent"`
	Received          string `json:"received"`
}

func main() {
	if err := run(); err != nil {
		say(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
}

func run() error {
	line, err := bufio.NewReader(os.Stdin).ReadBytes('\n')
	if err != nil {
		return err
	}
	var c config
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	settings, err := tlsConfig(&c)
	if err != nil {
		return err
	}
	if c.Role == "client" {
		for range c.Connections {
			if err := dial(&c, settings); err != nil {
				return err
			}
		}
		return nil
	}
	return serve(&c, settings)
}

func tlsConfig(c *config) (*tls.Config, error) {
	versions := map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	version, known := versions[c.Version]
	if !known {
		return nil, fmt.Errorf("unknown version %q", c.Version)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM([]byte(c.CA)) {
		return nil, errors.New("the CA does not parse")
	}
	settings := &tls.Config{
		MinVersion:       version,
		MaxVersion:       version,
		CurvePreferences: c.Groups,
		RootCAs:          roots,
		ClientCAs:        roots,
		ServerName:       "localhost",
	}
	if c.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key))
		if err != nil {
			return nil, err
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	if c.RequestCert {
		settings.ClientAuth = tls.RequireAndVerifyClientCert
	}
	if c.Role == "client" {
		settings.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	return settings, nil
}

func serve(c *config, settings *tls.Config) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	say(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	for range c.Connections {
		tcp, err := listener.Accept()
		if err != nil {
			return err
		}
		if err := converse(c, tls.Server(tcp, settings)); err != nil {
			return err
		}
	}
	return nil
}

func dial(c *config, settings *tls.Config) error {
	tcp, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if err != nil {
		return err
	}
	return converse(c, tls.Client(tcp, settings))
}

func converse(c *config, conn *tls.Conn) error {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(connectionTimeout)); err != nil {
		return err
	}
	if err := conn.Handshake(); err != nil {
		return err
	}
	sent, received, err := exchange(c, conn)
	if err != nil {
		return err
	}
	state := conn.ConnectionState()
	seen := report{
		Protocol:          map[uint16]string{tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3"}[state.Version],
		Group:             uint16(state.CurveID),
		CipherSuite:       state.CipherSuite,
		Resumed:           state.DidResume,
		HelloRetryRequest: state.HelloRetryRequest,
		Sent:              sent,
		Received:          received,
	}
	if len(state.PeerCertificates) > 0 {
		seen.PeerCertificate = sum(state.PeerCertificates[0].Raw)
	}
	say(seen)
	if c.Role == "client" {
		return nil
	}
	// The client ends first: what it has not read yet would be lost with a reset.
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, conn)
	return err
}

// A client sends its bytes and reads as many back; a server reads them all and sends them back.
func exchange(c *config, conn *tls.Conn) (sent, received string, err error) {
	data := make([]byte, c.Bytes)
	if c.Role == "server" {
		if _, err := io.ReadFull(conn, data); err != nil {
			return "", "", err
		}
		_, err := conn.Write(data)
		return sum(data), sum(data), err
	}
	madeUp(data)
	if _, err := conn.Write(data); err != nil {
		return "", "", err
	}
	echo := make([]byte, c.Bytes)
	if _, err := io.ReadFull(conn, echo); err != nil {
		return "", "", err
	}
	if !bytes.Equal(data, echo) {
		return "", "", errors.New("the echo differs")
	}
	return sum(data), sum(echo), nil
}

// Bytes that do not repeat, so that a lost or moved piece shows. Marsaglia's xorshift32.
func madeUp(data []byte) {
	state := uint32(0x9e3779b9)
	for i := range data {
		if i%4 == 0 {
			state ^= state << 13
			state ^= state >> 17
			state ^= state << 5
		}
		data[i] = byte(state >> (8 * (i % 4)))
	}
}

func sum(data []byte) string {
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:])
}

// Stdout is the pipe to the matrix; nobody is left to tell where writing to it fails.
func say(value any) {
	_ = json.NewEncoder(os.Stdout).Encode(value)
}
