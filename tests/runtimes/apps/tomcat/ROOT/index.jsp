<%@ page import="java.sql.*" %><%
if ("work".equals(request.getQueryString())) {
    java.io.File.createTempFile("work", null).delete();
    Class.forName("org.postgresql.Driver");
    String user = System.getenv("JDBC_DATABASE_USERNAME"), password = System.getenv("JDBC_DATABASE_PASSWORD");
    Connection database = DriverManager.getConnection(System.getenv("JDBC_DATABASE_URL"), user, password);
    ResultSet rows = database.createStatement().executeQuery("select current_user");
    rows.next();
    out.print("works as " + rows.getString(1));
    database.close();
} else {
    out.print("ok");
}
%>
