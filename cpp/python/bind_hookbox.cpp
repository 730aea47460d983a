#include "hookbox/hook_box.h"
#include "python/bind.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <pybind11/stl.h>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace ocilot::python {

namespace {

using hookbox::HookBox;
using hookbox::Question;

// Tuples built by hand: tens of thousands of questions a second have to pass under one lock.

/// Bytes that are no UTF-8 come as lone surrogates: a client may send any name and password.
py::object text(std::string_view value) {
    auto* const made =
        PyUnicode_DecodeUTF8(value.data(), static_cast<Py_ssize_t>(value.size()), "surrogateescape");
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::object>(made);
}

template <class Number>
    requires std::is_arithmetic_v<Number>
py::object number(Number value) {
    return py::cast(value);
}

py::object bytes_or_none(std::string const& value) {
    if (value.empty()) return py::none();
    return py::bytes(value);
}

template <class... Items>
py::object tuple_of(Items... items) {
    py::tuple made(sizeof...(items));
    Py_ssize_t place = 0;
    (PyTuple_SET_ITEM(made.ptr(), place++, items.release().ptr()), ...);
    return made;
}

template <class List, class Make>
py::object tuple_from(List const& list, Make make) {
    py::tuple made(list.size());
    Py_ssize_t place = 0;
    for (auto const& item : list) PyTuple_SET_ITEM(made.ptr(), place++, make(item).release().ptr());
    return made;
}

py::object caller(policy::Caller const& who) {
    return tuple_of(text(who.name), tuple_from(who.groups, [](auto const& group) { return text(group); }),
                    text(to_string(who.kind)), text(who.address), py::object(py::bool_(who.admin)));
}

py::object value(hookbox::LoginCase const& about) {
    return tuple_of(text(about.name), text(about.password), text(about.address));
}

py::object value(hookbox::AccessCase const& about) {
    auto const& repository = about.access.repository;
    return tuple_of(caller(about.caller), text(to_string(about.access.action)),
                    repository ? text(repository->str()) : py::object(py::none()));
}

py::object value(hookbox::ManifestCase const& about) {
    return tuple_of(caller(about.caller), text(about.repository.str()),
                    tuple_from(about.tags, [](auto const& tag) { return text(tag.str()); }),
                    text(about.digest.str()), text(about.media_type), number(about.size),
                    py::object(py::bytes(about.bytes)), bytes_or_none(about.config));
}

py::object value(hookbox::BlobCase const& about) {
    return tuple_of(caller(about.caller), text(about.repository.str()), text(about.digest.str()),
                    number(about.size));
}

py::object value(hookbox::TagCase const& about) {
    auto const referrer = [](policy::Referrer const& one) {
        return tuple_of(text(one.digest), text(one.artifact_type), text(one.annotations_json));
    };
    return tuple_of(caller(about.caller), text(about.repository.str()), text(about.tag.str()),
                    text(about.digest.str()),
                    about.previous ? text(about.previous->str()) : py::object(py::none()),
                    tuple_from(about.referrers, referrer),
                    tuple_from(about.sibling_tags, [](auto const& tag) { return text(tag); }));
}

py::object value(hookbox::DeletionCase const& about) {
    return tuple_of(caller(about.caller), text(about.repository.str()), text(to_string(about.kind)),
                    text(oci::to_string(about.reference)),
                    tuple_from(about.tags, [](auto const& tag) { return text(tag); }));
}

py::object microseconds(Time time) {
    return number(time.time_since_epoch().count());
}

py::object value(hookbox::RetainCase const& about) {
    auto const tag = [](policy::TagRecord const& one) {
        py::dict annotations;
        for (auto const& [key, what] : one.annotations) annotations[text(key)] = text(what);
        return tuple_of(text(one.name), text(one.digest.str()), microseconds(one.pushed_at), number(one.size),
                        text(one.media_type), text(one.artifact_type), py::object(std::move(annotations)),
                        tuple_from(one.manifests, [](auto const& digest) { return text(digest.str()); }),
                        one.pulled_at ? microseconds(*one.pulled_at) : py::object(py::none()),
                        number(one.pulls));
    };
    return tuple_of(microseconds(about.history.at), text(about.history.repository.str()),
                    tuple_from(about.history.tags, tag),
                    tuple_from(about.history.aliases, [](auto const& name) { return text(name); }));
}

py::object value(hookbox::InUseCase const& about) {
    return tuple_of(microseconds(about.at));
}

py::object value(hookbox::EventCase const& about) {
    return tuple_of(text(about.script), text(about.event));
}

py::object value(hookbox::ControlCase const&) {
    return py::tuple();
}

/// Scripts know an event by its own name.
std::string_view point_of(Question const& question) {
    auto const* const event = std::get_if<hookbox::EventCase>(&question.about);
    return event != nullptr ? std::string_view(event->point) : to_string(question.topic);
}

py::object to_python(Question const& question) {
    std::chrono::duration<double> const deadline = question.deadline.time_since_epoch();
    return tuple_of(number(question.id), text(point_of(question)), number(deadline.count()),
                    std::visit([](auto const& about) { return value(about); }, question.about),
                    text(question.request));
}

py::object take(HookBox& self, double timeout) {
    auto question = self.mailbox.try_take();
    if (!question) {
        // Whoever wants to wait for ever comes again every hour.
        std::chrono::duration<double> const wait(std::clamp(timeout, 0.0, 3600.0));
        py::gil_scoped_release const released;
        question = self.mailbox.take(std::chrono::duration_cast<hookbox::Mailbox::Duration>(wait));
    }
    if (!question) return py::none();
    return to_python(*question);
}

bool decide(HookBox& self, std::uint64_t id, bool allowed, std::string reason, std::int64_t ttl,
            std::string by) {
    if (ttl < 0) throw py::value_error("invalid ttl: expected at least 0 seconds");
    return self.mailbox.answer(
        id, policy::Decision{allowed, std::move(reason), std::chrono::seconds(ttl), std::move(by)});
}

bool name_caller(HookBox& self, std::uint64_t id, std::string name, std::vector<std::string> groups,
                 std::string_view kind, bool admin) {
    using Kind = policy::CallerKind;
    if (name.empty()) throw py::value_error("invalid caller: missing name");
    for (auto const known : {Kind::user, Kind::robot, Kind::federated, Kind::certificate}) {
        if (to_string(known) != kind) continue;
        return self.mailbox.answer(id, policy::Caller{.name = std::move(name),
                                                      .groups = std::move(groups),
                                                      .address = {},
                                                      .kind = known,
                                                      .admin = admin});
    }
    throw py::value_error("a caller is a user, robot, federated or certificate, not \"" + std::string(kind) +
                          "\"");
}

bool keep(HookBox& self, std::uint64_t id, std::vector<std::pair<std::string, std::string>> tags) {
    hookbox::Kept kept;
    for (auto& [tag, script] : tags) kept.tags.push_back({std::move(tag), std::move(script)});
    return self.mailbox.answer(id, std::move(kept));
}

/// References, the script that names them, and the patterns of its repositories.
using InUseRow = std::tuple<std::vector<std::string>, std::string, std::optional<std::vector<std::string>>>;

bool name_in_use(HookBox& self, std::uint64_t id, std::vector<InUseRow> rows) {
    hookbox::InUse named;
    for (auto& [references, script, repositories] : rows) {
        named.lists.push_back({std::move(references), std::move(script), std::move(repositories)});
    }
    return self.mailbox.answer(id, std::move(named));
}

std::uint64_t set_points(HookBox& self, std::vector<std::pair<std::string, double>> const& points) {
    self.gate.set_points(value_or_raise(hookbox::parse_hook_points(points)));
    return self.gate.generation();
}

/// Script, events, patterns of repositories, seconds, and whose changes it is not told.
using ListenerRow = std::tuple<std::string, std::vector<std::string>, std::optional<std::vector<std::string>>,
                               double, std::string>;

void set_listeners(HookBox& self, std::vector<ListenerRow> rows) {
    std::vector<policy::Listener> listeners;
    for (auto& [name, events, repositories, seconds, caller] : rows) {
        std::chrono::milliseconds const deadline(
            static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e6) * 1000));
        listeners.push_back(
            {std::move(name), std::move(events), std::move(repositories), deadline, std::move(caller)});
    }
    value_or_raise(self.feed.set_listeners(std::move(listeners)));
}

py::object event_points() {
    py::list names;
    for (auto const name : policy::event_points) names.append(text(name));
    return py::tuple(names);
}

py::object points() {
    py::list names;
    for (auto const& row : hookbox::topics) {
        if (row.point) names.append(text(row.name));
    }
    return py::tuple(names);
}

void set_gauge(HookBox& self, std::string const& name, std::string_view script, double value) {
    if (!self.scripts.set(name, script, static_cast<std::int64_t>(value))) {
        throw py::value_error("unknown gauge of hooks \"" + name + "\"");
    }
}

using Field = std::pair<std::string, std::string>;

void write_log(HookBox& self, std::string_view level, std::string_view message,
               std::vector<Field> const& fields) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz_";
    std::vector<LogField> borrowed;
    for (auto const& [key, what] : fields) {
        if (key.empty() || key.find_first_not_of(letters) != key.npos) {
            throw py::value_error("\"" + key + "\" is not a field name: expected lower-case letters and _");
        }
        borrowed.push_back({key, std::string_view(what)});
    }
    for (auto const known : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
        if (to_string(known) == level) return self.log.write(known, message, borrowed);
    }
    throw py::value_error("\"" + std::string(level) + "\" is not a log level");
}

using Class = py::class_<HookBox>;

void init_records(Class& box) {
    box.def(
           "count",
           [](HookBox& self, std::string_view script, std::string_view point, std::string_view outcome,
              double seconds) { self.scripts.count(script, point, outcome, seconds); },
           py::arg("script"), py::arg("point"), py::arg("outcome"), py::arg("seconds"),
           "Counts one call of a hook in the metrics.")
        .def("gauge", &set_gauge, py::arg("name"), py::arg("script"), py::arg("value"),
             "Shows `generation`, `reload_failed` or a script's `stuck` threads in the metrics.")
        .def("log", &write_log, py::arg("level"), py::arg("text"), py::arg("fields"),
             "Writes a line to the registry's log; `level` is `debug`, `info`, `warn` or `error`.");
}

void init_answers(Class& box) {
    box.def(
           "allow",
           [](HookBox& self, std::uint64_t id, std::int64_t ttl, std::string by) {
               return decide(self, id, true, {}, ttl, std::move(by));
           },
           py::arg("id"), py::arg("ttl") = 0, py::arg("by") = "",
           "Lets it pass; an access for `ttl` seconds.")
        .def(
            "deny",
            [](HookBox& self, std::uint64_t id, std::string reason, std::int64_t ttl, std::string by) {
                return decide(self, id, false, std::move(reason), ttl, std::move(by));
            },
            py::arg("id"), py::arg("reason"), py::arg("ttl") = 0, py::arg("by") = "",
            "Refuses it with a reason that the caller is shown.")
        .def(
            "none",
            [](HookBox& self, std::uint64_t id) { return self.mailbox.answer(id, hookbox::Abstain{}); },
            py::arg("id"), "No opinion: not my login, ask the rules, let it pass.")
        .def("keep", &keep, py::arg("id"), py::arg("tags"),
             "Keeps tags, each with the script that keeps it; the answer to `retain`.")
        .def("in_use", &name_in_use, py::arg("id"), py::arg("lists"),
             "Names images in use, the answer to `images_in_use`: lists of references, each with the script "
             "and the patterns of its repositories or None.")
        .def("caller", &name_caller, py::arg("id"), py::arg("name"), py::arg("groups"), py::arg("kind"),
             py::arg("admin") = false, "Says who logs in.")
        .def(
            "fail",
            [](HookBox& self, std::uint64_t id, std::string reason, std::string by) {
                return self.mailbox.answer(id, hookbox::Failure{std::move(reason), std::move(by)});
            },
            py::arg("id"), py::arg("reason"), py::arg("by") = "",
            "The script failed; the reason is for the log.")
        .def(
            "reply",
            [](HookBox& self, std::uint64_t id, std::string json) {
                return self.mailbox.answer(id, hookbox::Reply{std::move(json)});
            },
            py::arg("id"), py::arg("text"), "Answers `hooks.status` and `hooks.reload` with a JSON text.");
}

}  // namespace

void init_hookbox(py::module_& module) {
    Class box(module, "HookBox",
              "Where the server's questions to hooks wait for Python. Any thread may take and answer.");
    box.attr("POINTS") = points();
    box.attr("EVENTS") = event_points();
    box.def_property_readonly(
           "closed", [](HookBox const& self) { return self.mailbox.closed(); },
           "Whether the server has stopped: no question will come.")
        .def_property_readonly(
            "generation", [](HookBox const& self) { return self.gate.generation(); },
            "How often points have been set.")
        .def("take", &take, py::arg("timeout"),
             "The oldest question, as `(id, point, deadline, value, request)`; None if none came within "
             "`timeout` "
             "seconds, or the box is closed.")
        .def("set_points", &set_points, py::arg("points"),
             "Asks exactly these points from now on, each with its deadline in seconds; answers the "
             "generation. "
             "Raises ConfigError for an unknown one.")
        .def(
            "set_listeners", &set_listeners, py::arg("listeners"),
            "Notifies exactly these scripts of events from now on: name, events, patterns of repositories or "
            "None, seconds for one event, and the caller whose changes it is not notified of.");
    init_answers(box);
    init_records(box);
}

}  // namespace ocilot::python
