package demo;

import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.io.File;
import javax.sql.DataSource;

@Path("/work")
public class App {
    @Inject
    DataSource database;

    @GET
    public String work() throws Exception {
        File.createTempFile("work", null).delete();
        try (var connection = database.getConnection();
                var rows = connection.createStatement().executeQuery("select current_user")) {
            rows.next();
            return "works as " + rows.getString(1);
        }
    }
}
