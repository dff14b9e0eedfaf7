"""Python's own file server, over the folder that is its argument. Its first line is `{"port"}`."""

import functools
import http.server
import json
import sys


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


handler = functools.partial(Quiet, directory=sys.argv[1])
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()
