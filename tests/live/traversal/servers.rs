//! Servers of other makes, each with an `/admin`, on loopback and over a folder of their own.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{self, Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::common::live::{self, Script};

/// What `/admin` answers, and nothing else does.
pub const ADMIN: &str = "ADMIN-REACHED";

pub struct Server {
    pub name: &'static str,
    port: u16,
}

impl Server {
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.authority())
    }
}

/// The servers that this machine can run; they end when this is dropped, each by its process.
pub struct Servers {
    pub running: Vec<Server>,
    scripts: Vec<Script>,
    nginx: Option<Child>,
    folder: PathBuf,
}

impl Servers {
    pub fn start() -> Self {
        let folder = env::temp_dir().join(format!("tower-auth-traversal-{}", process::id()));
        for below in [
            "files/assets/x",
            "files/hooks",
            "files/docs",
            "files/feed",
            "tomcat",
        ] {
            fs::create_dir_all(folder.join(below)).unwrap();
        }
        fs::write(folder.join("files/admin"), ADMIN).unwrap();
        let mut servers = Self {
            running: Vec::new(),
            scripts: Vec::new(),
            nginx: None,
            folder,
        };
        servers.start_script("Node.js", "node", &["inner_server.mjs"], None);
        servers.start_script(
            "Python's files",
            "python3",
            &["inner_server.py"],
            Some("files"),
        );
        servers.start_script(
            "the JDK's server",
            "java",
            &["-Dsun.net.httpserver.nodelay=true", "InnerServer.java"],
            None,
        );
        servers.start_tomcat();
        servers.start_nginx();
        servers
    }

    fn start_script(
        &mut self,
        name: &'static str,
        program: &str,
        arguments: &[&str],
        folder: Option<&str>,
    ) {
        let Some(mut command) = live::program(program) else {
            return;
        };
        let (script, options) = arguments.split_last().unwrap();
        command
            .args(options)
            .arg(live::file(script))
            .args(folder.map(|folder| self.folder.join(folder)))
            .stderr(Stdio::null());
        let script = Script::start(command);
        let port = script.read()["port"].as_u64().unwrap();
        self.scripts.push(script);
        self.running.push(Server {
            name,
            port: port.try_into().unwrap(),
        });
    }

    fn start_tomcat(&mut self) {
        if !PathBuf::from(TOMCAT_JAR).is_file() {
            live::missing::<()>("Debian's libtomcat10-embed-java");
            return;
        }
        let arguments = ["-cp", TOMCAT_JAR, "TomcatServer.java"];
        self.start_script(TOMCAT, "java", &arguments, Some("tomcat"));
    }

    /// One process for all of them: by location, with files, and before Tomcat with the path as it
    /// came and with the path that nginx made of it.
    fn start_nginx(&mut self) {
        let Some(mut nginx) = live::program("nginx") else {
            return;
        };
        let files = self.folder.join("files");
        let mut kinds = vec![
            (
                "nginx's locations",
                format!(
                    "location = /admin {{ return 200 {ADMIN}; }} location / {{ return 200 other; }}"
                ),
            ),
            ("nginx's files", format!("root {};", files.display())),
        ];
        if let Some(tomcat) = self.running.iter().find(|server| server.name == TOMCAT) {
            let to = tomcat.base();
            kinds.push((
                "nginx before Tomcat",
                format!("location / {{ proxy_pass {to}; }}"),
            ));
            kinds.push((
                "nginx that rewrites for Tomcat",
                format!("location / {{ proxy_pass {to}/; }}"),
            ));
        }
        let mut servers = String::new();
        let mut running = Vec::new();
        for (name, rules) in kinds {
            let port = free_port();
            servers += &format!("server {{ listen 127.0.0.1:{port}; {rules} }}\n");
            running.push(Server { name, port });
        }
        let own = self.folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {own};"))
            .concat();
        let config = self.folder.join("nginx.conf");
        let text = format!(
            "daemon off; master_process off; pid {own}/nginx.pid; error_log /dev/null;\n\
             events {{}}\nhttp {{ access_log off; {temporary}\n{servers} }}\n"
        );
        fs::write(&config, text).unwrap();
        nginx.arg("-p").arg(&self.folder).arg("-c").arg(config);
        nginx.args(["-e", "/dev/null"]).stdin(Stdio::null());
        self.nginx = Some(nginx.spawn().unwrap());
        running.iter().for_each(wait_for);
        self.running.extend(running);
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        self.scripts.clear();
        if let Some(nginx) = &mut self.nginx {
            let _ = nginx.kill();
            let _ = nginx.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn wait_for(server: &Server) {
    let start = Instant::now();
    while TcpStream::connect(server.authority()).is_err() {
        let name = server.name;
        assert!(start.elapsed() < PATIENCE, "{name} does not listen");
        thread::sleep(Duration::from_millis(10));
    }
}

const PATIENCE: Duration = Duration::from_secs(30);
const TOMCAT: &str = "Tomcat";
const TOMCAT_JAR: &str = "/usr/share/java/tomcat10-embed-core.jar";
