require "action_controller/railtie"
require_relative "work"

class DemoController < ActionController::Base
  def up = head(:ok)
  def work = render(plain: TOPLEVEL_BINDING.receiver.send(:work))
end

class Demo < Rails::Application
  config.eager_load = true
  config.force_ssl = true
  config.logger = Logger.new($stdout)
  config.secret_key_base = "of-a-test"
  routes.append do
    get "/up", to: "demo#up"
    get "/work", to: "demo#work"
  end
end

Demo.initialize!
run Demo
