import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;

/** A server that hides `/admin`, with what the JDK brings. Its first line is `{"port"}`. */
class InnerServer {
    public static void main(String[] arguments) throws Exception {
        var address = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0);
        var server = HttpServer.create(address, 0);
        server.createContext("/", exchange -> {
            var body = isAdmin(exchange.getRequestURI()) ? "ADMIN-REACHED" : "other";
            exchange.sendResponseHeaders(200, body.length());
            exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.createContext("/admin", exchange -> {
            var body = exchange.getRequestURI().getPath().equals("/admin") ? "ADMIN-REACHED" : "other";
            exchange.sendResponseHeaders(200, body.length());
            exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.start();
        System.out.println("{\"port\": " + server.getAddress().getPort() + "}");
    }

    private static boolean isAdmin(URI target) {
        return List.of(target.getPath(), target.normalize().getPath(), decoded(target.getRawPath())).stream()
                .anyMatch(name -> isAdmin(name));
    }

    private static boolean isAdmin(String name) {
        try {
            return Path.of("/files/" + name).normalize().equals(Path.of("/files/admin"));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return text;
        }
    }
}
