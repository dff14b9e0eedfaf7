"""The MCP client of the Python SDK: see README.md."""

import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client, MCPError
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

CALLBACK = "http://127.0.0.1:1/callback"


class Memory:
    """Where the SDK keeps tokens and its registration."""

    tokens = None
    client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Watched(httpx2.AsyncHTTPTransport):
    """Notes every exchange, those with the issuer too."""

    def __init__(self, exchanges, host):
        super().__init__()
        self.exchanges = exchanges
        self.host = host

    async def handle_async_request(self, request):
        answer = await super().handle_async_request(request)
        where = "" if request.url.netloc.decode() == self.host else "issuer "
        self.exchanges.append({
            "method": request.method,
            "path": where + request.url.path,
            "status": answer.status_code,
            "challenge": answer.headers.get("www-authenticate"),
        })
        return answer


async def listed(client):
    return [tool.name for tool in (await client.list_tools()).tools]


async def main():
    asked = json.load(sys.stdin)
    url = asked["url"]
    report = {"authorizations": [], "exchanges": [], "calls": []}
    memory = Memory()
    back = {}

    # A user who is sent to the issuer, agrees, and comes back with a code.
    async def agree(address):
        query = parse_qs(urlsplit(address).query)
        report["authorizations"].append({name: query.get(name, [None])[0] for name in ("scope", "resource")})
        async with httpx2.AsyncClient(follow_redirects=False) as browser:
            answer = await browser.get(address)
        back.clear()
        back.update(parse_qs(urlsplit(answer.headers["location"]).query))

    async def come_back():
        text = lambda name: back.get(name, [None])[0]
        return AuthorizationCodeResult(code=text("code"), state=text("state"), iss=text("iss"))

    user = OAuthClientProvider(
        server_url=url,
        client_metadata=OAuthClientMetadata(
            client_name="live test",
            redirect_uris=[CALLBACK],
            grant_types=["authorization_code"],
            token_endpoint_auth_method="none",
        ),
        storage=memory,
        redirect_handler=agree,
        callback_handler=come_back,
    )
    headers = asked.get("headers")
    http = httpx2.AsyncClient(
        headers=headers,
        auth=None if headers else user,
        transport=Watched(report["exchanges"], urlsplit(url).netloc),
    )
    async with http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=asked.get("mode", "auto")) as client:
            report["protocol_version"] = client.protocol_version
            report["tools"] = await listed(client)
            for call in asked.get("calls", []):
                tool = call.pop("tool")
                try:
                    result = await client.call_tool(tool, call)
                    report["calls"].append({"tool": tool, "text": result.content[0].text, "is_error": result.is_error})
                except MCPError as error:
                    report["calls"].append({"tool": tool, "error": str(error)})
            report["tools_then"] = await listed(client)
    report["granted"] = memory.tokens.scope if memory.tokens else None
    print(json.dumps(report))


asyncio.run(main())
