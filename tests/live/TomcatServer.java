import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.LogManager;
import org.apache.catalina.startup.Tomcat;

/** Tomcat with a servlet at `/admin`, over the folder that is its argument. Its first line is `{"port"}`. */
class TomcatServer {
    public static void main(String[] arguments) throws Exception {
        LogManager.getLogManager().getLogger("").setLevel(Level.OFF);
        var tomcat = new Tomcat();
        tomcat.setBaseDir(arguments[0]);
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(0);
        var connector = tomcat.getConnector();
        connector.setProperty("address", "127.0.0.1");
        // As lax as it can be told to be.
        connector.setProperty("relaxedPathChars", "\\|{}^<>\"`[]");
        connector.setEncodedSolidusHandling("decode");
        connector.setAllowBackslash(true);
        var context = tomcat.addContext("", arguments[0]);
        Tomcat.addServlet(context, "admin", new Answer("ADMIN-REACHED"));
        Tomcat.addServlet(context, "other", new Answer("other"));
        context.addServletMappingDecoded("/admin", "admin");
        context.addServletMappingDecoded("/", "other");
        tomcat.start();
        System.out.println("{\"port\": " + connector.getLocalPort() + "}");
        tomcat.getServer().await();
    }

    private static class Answer extends HttpServlet {
        private final String text;

        Answer(String text) {
            this.text = text;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getWriter().print(text);
        }
    }
}
