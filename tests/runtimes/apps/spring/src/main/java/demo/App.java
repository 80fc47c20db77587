package demo;

import java.io.File;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class App {
    private final JdbcTemplate database;

    public App(JdbcTemplate database) {
        this.database = database;
    }

    @GetMapping("/work")
    public String work() throws Exception {
        File.createTempFile("work", null).delete();
        return "works as " + database.queryForObject("select current_user", String.class);
    }

    public static void main(String[] arguments) {
        SpringApplication.run(App.class, arguments);
    }
}
