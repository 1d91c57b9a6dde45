"""The Python peer of the interop lab: the ssl module of the system's Python, speaking the lab's protocol (test/interop/peer.ts)."""

import hashlib
import json
import os
import socket
import ssl
import sys
import tempfile

TIMEOUT_SECONDS = 15
CURVES = {0x17: "prime256v1", 0x18: "secp384r1", 0x19: "secp521r1", 0x1D: "X25519"}


def say(value):
    print(json.dumps(value), flush=True)


def make_context(config):
    is_server = config["role"] == "server"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if is_server else ssl.PROTOCOL_TLS_CLIENT)
    version = ssl.TLSVersion.TLSv1_3 if config["version"] == "TLSv1.3" else ssl.TLSVersion.TLSv1_2
    context.minimum_version = context.maximum_version = version
    context.load_verify_locations(cadata=config["ca"])
    context.set_ecdh_curve(CURVES[config["groups"][0]])
    if "cert" in config:
        # The module reads chains from files only.
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
            file.write(config["cert"] + config["key"])
            file.flush()
            context.load_cert_chain(file.name)
    if config["requestCert"]:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def read_exactly(tls, length):
    data = bytearray()
    while len(data) < length:
        chunk = tls.recv(min(65536, length - len(data)))
        if not chunk:
            raise EOFError(f"closed after {len(data)} of {length} bytes")
        data += chunk
    return bytes(data)


def report(tls, sent, received):
    leaf = tls.getpeercert(binary_form=True)
    name = tls.cipher()[0]
    say(
        {
            "protocol": tls.version(),
            # In TLS 1.2 it is OpenSSL's own name.
            "cipherSuite": name if name.startswith("TLS_") else None,
            "resumed": tls.session_reused,
            "peerCertificate": hashlib.sha256(leaf).hexdigest() if leaf else "",
            "sent": hashlib.sha256(sent).hexdigest(),
            "received": hashlib.sha256(received).hexdigest(),
        }
    )


def serve(config, context):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        say({"port": listener.getsockname()[1]})
        for _ in range(config["connections"]):
            tcp, _ = listener.accept()
            tcp.settimeout(TIMEOUT_SECONDS)
            with context.wrap_socket(tcp, server_side=True) as tls:
                data = read_exactly(tls, config["bytes"])
                tls.sendall(data)
                report(tls, data, data)
                # The client ends first: what it has not read yet would be lost with a reset.
                tls.recv(1)


def dial(config, context):
    session = None
    for _ in range(config["connections"]):
        tcp = socket.create_connection(("127.0.0.1", config["port"]), timeout=TIMEOUT_SECONDS)
        with context.wrap_socket(tcp, server_hostname="localhost", session=session) as tls:
            data = os.urandom(config["bytes"])
            tls.sendall(data)
            echo = read_exactly(tls, config["bytes"])
            session = tls.session
            report(tls, data, echo)
            tls.unwrap()


def main():
    config = json.loads(sys.stdin.readline())
    try:
        (serve if config["role"] == "server" else dial)(config, make_context(config))
    except Exception as error:  # Whatever it is, the lab is told.
        say({"error": f"{type(error).__name__}: {error}"})
        sys.exit(1)


main()
