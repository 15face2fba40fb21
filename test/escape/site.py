# An exam site on HTTP and HTTPS, v4 and v6, which tells under which name it was asked. Keeps connections open, agrees to a
# WebSocket, and leaves in good order when it is stopped: it answers what has come and takes nothing new.
import http.server
import os
import select
import signal
import socket
import ssl
import subprocess
import threading
import time

RUN = """<!doctype html><title>Escape</title><script>
let loads = 0, failed = 0, why = '';
async function load(url) {
  const begun = performance.now();
  try {
    const text = await (await fetch(url, {cache: 'no-store'})).text();
    if (!text.includes('reached')) throw Error(text);
    loads++;
    return text.includes('over');
  } catch (error) { failed++; why += ` ${url} at ${Math.round(begun)} for ${Math.round(performance.now() - begun)} ms: ${error};`; }
}
async function run() {
  for (let over; !over;) {
    over = await load('/page') && await load('https://' + location.host + '/page');
    await new Promise((go) => setTimeout(go, 50));
  }
  await fetch('/done?' + loads + '%20loads,%20' + failed + '%20failed%20' + encodeURIComponent(why));
}
run();
</script>reached"""


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.idle = False
        self.server.visits.add(self)

    def finish(self):
        self.server.visits.discard(self)
        super().finish()

    def parse_request(self):
        self.idle = False
        return super().parse_request()

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            self.wfile.write(b"echo " + self.connection.recv(100))
            self.close_connection = True
            return
        if self.path.startswith("/done?"):
            with open("/tmp/done", "w") as done:
                done.write(self.path[6:])
        name = getattr(self.connection, "server_name", None)
        over = " over" if os.path.exists("/tmp/over") else ""
        body = RUN if self.path == "/run" else f"reached {self.headers.get('Host')} by {name}{over}\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())
        self.wfile.flush()
        self.idle = True

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 100
    daemon_threads = True

    def __init__(self, port, context=None):
        self.visits, self.context = set(), context
        super().__init__(("::", port), Site)

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        pass

    def leave(self):
        while select.select([self.socket], [], [], 0)[0]:
            self._handle_request_noblock()
        self.socket.shutdown(socket.SHUT_RDWR)  # close alone waits until the thread that polls it looks up
        for visit in list(self.visits):
            if visit.idle:
                visit.connection.shutdown(socket.SHUT_RDWR)


def context():
    files = ["-keyout", "/tmp/key.pem", "-out", "/tmp/cert.pem"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=site"]
    subprocess.run(command + files, check=True, stderr=subprocess.DEVNULL)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain("/tmp/cert.pem", "/tmp/key.pem")
    tls.sni_callback = lambda connection, name, _: setattr(connection, "server_name", name)
    return tls


def main():
    servers = [Server(80), Server(443, context())]

    def leave(*_):
        for server in servers:
            server.leave()
        time.sleep(0.4)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("open", flush=True)
    while True:
        signal.pause()


main()
