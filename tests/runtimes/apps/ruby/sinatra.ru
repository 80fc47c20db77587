require "sinatra/base"
require_relative "work"

class Demo < Sinatra::Base
  get("/healthz") { "ok" }
  get("/readyz") { "ok" }
  get("/work") { work }
end

run Demo
