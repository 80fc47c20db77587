<?php
session_start();
if ($_SERVER["REQUEST_URI"] !== "/work") {
    exit("ok");
}
tempnam(sys_get_temp_dir(), "work") or exit("no temporary file");
$address = sprintf("pgsql:host=%s;port=%s;dbname=%s", getenv("DB_HOST"), getenv("DB_PORT"), getenv("DB_NAME"));
$database = new PDO($address, getenv("DB_USER"), getenv("DB_PASSWORD"));
echo "works as ", $database->query("select current_user")->fetchColumn();
