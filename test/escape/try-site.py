# A small exam site: one page with a form, and every answer printed.
import http.server
import urllib.parse

PAGE = """<!doctype html><html lang=vi><head><meta charset=utf-8><title>Kỳ thi thử</title>
<style>body{font:18px/1.6 sans-serif;max-width:46em;margin:3em auto}input{font:inherit;width:30em}</style></head><body>
<h1>Kỳ thi thử: Tin học 12</h1><p>Viết chương trình in ra tổng của <i>n</i> số nguyên.</p>
<form method=post><p><label>Họ và tên <input name=name autofocus></label></p><button>Nộp</button></form>
<p><a href="http://other.school.test/">another site</a></p></body></html>"""


class Site(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = answer

    def do_POST(self):
        form = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        print("answer", urllib.parse.parse_qs(form), flush=True)
        self.answer()


http.server.ThreadingHTTPServer(("", 80), Site).serve_forever()
