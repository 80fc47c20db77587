package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"syscall"

	_ "github.com/lib/pq"
)

func work(answer http.ResponseWriter, request *http.Request) {
	file, err := os.CreateTemp("", "work")
	if err == nil {
		err = file.Close()
	}
	var name string
	if err == nil {
		_, err = user.Current()
	}
	if err == nil {
		var database *sql.DB
		if database, err = sql.Open("postgres", os.Getenv("DATABASE_URL")); err == nil {
			defer database.Close()
			err = database.QueryRow("select current_user").Scan(&name)
		}
	}
	if err != nil {
		http.Error(answer, err.Error(), 500)
		return
	}
	fmt.Fprint(answer, "works as "+name)
}

func main() {
	ok := func(answer http.ResponseWriter, request *http.Request) { fmt.Fprint(answer, "ok") }
	http.HandleFunc("/healthz", ok)
	http.HandleFunc("/readyz", ok)
	http.HandleFunc("/work", work)
	server := &http.Server{Addr: ":" + os.Getenv("PORT")}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	go func() { <-stop.Done(); _ = server.Shutdown(context.Background()) }()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		panic(err)
	}
}
