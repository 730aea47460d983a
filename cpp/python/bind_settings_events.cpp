#include "events/filter.h"
#include "events/signing_secret.h"
#include "python/settings_class.h"
#include "retention/glob.h"

#include <optional>
#include <pybind11/stl.h>
#include <string>

namespace ocilot::python {

using server::EventSettings;
using server::Settings;
using server::WebhookSettings;

namespace {

/// What is wrong with one text of a condition; nullopt: nothing.
std::optional<std::string> condition_problem(std::string const& kind, std::string const& text) {
    if (kind == "action") {
        if (auto const actions = events::parse_actions(text); actions.has_error())
            return actions.error().message;
    } else if (kind == "tag") {
        if (auto const tag = retention::Glob::parse_for_tags(text); tag.has_error())
            return tag.error().message;
    } else if (kind == "secret") {
        auto const secret = events::SigningSecret::parse(text);
        if (secret.has_error()) return secret.error().message;
    } else if (auto const glob = retention::Glob::parse(text); glob.has_error()) {
        return glob.error().message;
    }
    return std::nullopt;
}

void init_webhook(py::module_& module) {
    py::class_<WebhookSettings> webhook(module, "WebhookSettings",
                                        "A receiver of events; durations in whole seconds.");
    webhook.def(py::init<>(), "One without a name and a URL, which both are needed.")
        .def_readwrite("name", &WebhookSettings::name, "Name in logs, metrics and commands.")
        .def_readwrite("url", &WebhookSettings::url, "Where events are sent.")
        .def_readwrite("format", &WebhookSettings::format, "Format of the requests.")
        .def_readwrite("enabled", &WebhookSettings::enabled, "Whether events are sent.")
        .def_readwrite("headers", &WebhookSettings::headers, "Headers of each request.")
        .def_readwrite("secrets", &WebhookSettings::secrets, "Secrets that sign each request.")
        .def_readwrite("secret_files", &WebhookSettings::secret_files, "Files with a secret each.")
        .def_readwrite("repositories", &WebhookSettings::repositories, "Patterns; empty: all.")
        .def_readwrite("except_", &WebhookSettings::except, "Patterns of repositories left out.")
        .def_readwrite("tags", &WebhookSettings::tags, "Patterns; empty: all.")
        .def_readwrite("actions", &WebhookSettings::actions, "Actions; empty: the usual ones.")
        .def_readwrite("media_types", &WebhookSettings::media_types, "Patterns; empty: all.")
        .def_readwrite("artifact_types", &WebhookSettings::artifact_types, "Patterns; empty: all.")
        .def_readwrite("callers", &WebhookSettings::callers, "Patterns of names; empty: all.")
        .def_readwrite("ignored_media_types", &WebhookSettings::ignored_media_types,
                       "Media types as distribution has them that are not sent.")
        .def_readwrite("ignored_actions", &WebhookSettings::ignored_actions,
                       "Actions as distribution has them that are not sent.")
        .def_readwrite("batch", &WebhookSettings::batch, "Most events of a request.")
        .def_readwrite("attempts", &WebhookSettings::attempts, "Failed attempts until a change is parked.")
        .def_readwrite("threshold", &WebhookSettings::threshold, "Failures in a row until it rests.")
        .def_readwrite("redirects", &WebhookSettings::redirects, "Followed: `never` or `same-origin`.")
        .def_readwrite("authorities", &WebhookSettings::authorities, "PEM file; empty: the system's.")
        .def_readwrite("certificate", &WebhookSettings::certificate, "PEM file of a client certificate.")
        .def_readwrite("key", &WebhookSettings::key, "PEM file of its key.")
        .def_readwrite("proxy", &WebhookSettings::proxy, "HTTP proxy; empty: the environment's.")
        .def_readwrite("allow", &WebhookSettings::allow, "Networks allowed beside public addresses.");
    auto const seconds_of = [&](char const* name, std::chrono::seconds WebhookSettings::* member,
                                char const* doc) {
        webhook.def_property(
            name, [member](WebhookSettings const& self) { return (self.*member).count(); },
            [member](WebhookSettings& self, std::chrono::seconds::rep value) {
                self.*member = std::chrono::seconds(value);
            },
            doc);
    };
    seconds_of("timeout", &WebhookSettings::timeout, "Seconds of a request and its answer.");
    seconds_of("backoff", &WebhookSettings::backoff, "Seconds after the first failure.");
}

}  // namespace

void init_event_settings(py::module_& module, SettingsClass& settings) {
    init_webhook(module);
    field(settings, "webhooks", &Settings::events, &EventSettings::webhooks,
          "Receivers of events; set the whole list, reading it gives a copy. None: nothing is delivered, and "
          "the places of webhooks stay as they are.");
    seconds(settings, "event_age", &Settings::events, &EventSettings::keep,
            "Seconds that events are kept for consumers that have not handled them; 0: without end.");
    field(settings, "event_entries", &Settings::events, &EventSettings::keep_entries,
          "Events that are kept for them; 0: any number.");
    field(settings, "pull_events", &Settings::events, &EventSettings::pulls,
          "Which pulls are events: `off`, `sampled` or `all`.");
    module.def(
        "event_condition_problem", &condition_problem, py::arg("kind"), py::arg("text"),
        "What is wrong with a text of a condition of a webhook: an `action`, a pattern of a `tag`, any "
        "`pattern`, or a `secret`. None: nothing.");
}

}  // namespace ocilot::python
