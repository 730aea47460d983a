#include "meta/change_details.h"

#include "base/json_text.h"
#include "base/utf8.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>

namespace ocilot::meta {

namespace {

using Json = nlohmann::json;

constexpr std::chrono::microseconds latest = std::chrono::hours(24) * 365 * 1000;  ///< since the epoch

/// Appends JSON. By hand: an entry is written with every push, and a tree of values would cost more than the
/// row.
class Writer {
  public:
    /// With every write: one allocation in place of one for each doubling.
    explicit Writer(std::size_t expected) { out_.reserve(expected); }
    void member(std::string_view key) {
        out_ += out_.empty() ? "{\"" : ",\"";
        out_ += key;
        out_ += "\":";
    }
    void text_member(std::string_view key, std::string_view value) {
        if (value.empty()) return;
        member(key);
        text(value);
    }
    void flag(std::string_view key, std::optional<bool> value) {
        if (!value) return;
        member(key);
        out_ += *value ? "true" : "false";
    }
    /// A value that is JSON already.
    void json_member(std::string_view key, std::string_view json) {
        if (json.empty()) return;
        member(key);
        out_ += json;
    }
    void number(std::string_view key, std::uint64_t value) {
        member(key);
        fmt::format_to(std::back_inserter(out_), "{}", value);
    }
    void list(std::string_view key, std::vector<std::string> const& values) {
        member(key);
        items(values, [&](std::string const& value) { text(value); });
    }
    /// `["v1"]`, or `["v1", "sha256:…"]` with where it pointed before.
    void tags(std::string_view key, std::span<ChangedTag const> tags) {
        member(key);
        items(tags, [&](ChangedTag const& tag) {
            out_ += '[';
            text(tag.name);
            if (!tag.previous.empty()) {
                out_ += ',';
                text(tag.previous);
            }
            out_ += ']';
        });
    }
    void counts(std::string_view key, std::vector<std::pair<std::string, std::uint64_t>> const& counts) {
        member(key);
        items(counts, [&](auto const& count) {
            out_ += '[';
            text(count.first);
            fmt::format_to(std::back_inserter(out_), ",{}]", count.second);
        });
    }
    [[nodiscard]] std::string finish() && {
        if (!out_.empty()) out_ += '}';
        return std::move(out_);
    }

  private:
    template <class Items, class Write>
    void items(Items const& all, Write write) {
        out_ += '[';
        for (auto const& item : all) {
            if (out_.back() != '[') out_ += ',';
            write(item);
        }
        out_ += ']';
    }
    void text(std::string_view value) {
        out_ += '"';
        while (!value.empty()) {
            auto const plain = plain_in_json(value);
            out_ += value.substr(0, plain);
            value.remove_prefix(plain);
            if (value.empty()) break;
            auto const length = utf8_sequence_length(value);
            auto const c = static_cast<unsigned char>(value.front());
            if (length == 0) {
                out_ += "\\ufffd";
            } else if (c < 0x20) {
                fmt::format_to(std::back_inserter(out_), "\\u{:04x}", c);
            } else {
                if (c == '"' || c == '\\') out_ += '\\';
                out_ += value.substr(0, length);
            }
            value.remove_prefix(length == 0 ? 1 : length);
        }
        out_ += '"';
    }

    std::string out_;
};

Json const* find(Json const& object, char const* key, Json::value_t type) {
    auto const found = object.find(key);
    return found == object.end() || found->type() != type ? nullptr : &*found;
}

std::string text_of(Json const& value) {
    auto const* const text = value.get_ptr<std::string const*>();
    return text == nullptr ? std::string() : *text;
}

std::string text_at(Json const& object, char const* key) {
    auto const* const found = find(object, key, Json::value_t::string);
    return found == nullptr ? std::string() : text_of(*found);
}

std::optional<bool> flag_at(Json const& object, char const* key) {
    auto const* const found = find(object, key, Json::value_t::boolean);
    return found == nullptr ? std::nullopt : std::optional(found->get<bool>());
}

std::uint64_t number_of(Json const& value) {
    return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

/// The epoch if there is none, or none that a clock can show.
Time time_at(Json const& object, char const* key) {
    auto const* const found = find(object, key, Json::value_t::number_unsigned);
    if (found == nullptr || number_of(*found) > static_cast<std::uint64_t>(latest.count())) return {};
    return Time(std::chrono::microseconds(found->get<std::int64_t>()));
}

std::optional<std::vector<std::string>> list_at(Json const& object, char const* key) {
    auto const* const found = find(object, key, Json::value_t::array);
    if (found == nullptr) return std::nullopt;
    std::vector<std::string> values;
    for (auto const& value : *found) values.push_back(text_of(value));
    return values;
}

/// Calls `take` with the first and the second value of each pair in a list; the second may be missing.
template <class Take>
void for_each_pair(Json const& object, char const* key, Take take) {
    static Json const none;
    auto const* const found = find(object, key, Json::value_t::array);
    if (found == nullptr) return;
    for (auto const& pair : *found) {
        if (pair.is_array() && !pair.empty()) take(pair[0], pair.size() > 1 ? pair[1] : none);
    }
}

bool is_of_a_tag(Change const& change) {
    return change.kind == ChangeKind::tag_move || change.kind == ChangeKind::tag_delete ||
           change.kind == ChangeKind::tag_restore;
}

void write_request(Writer& out, RequestRecord const& request) {
    out.text_member("method", request.method());
    out.text_member("scheme", request.scheme());
    out.text_member("host", request.host());
    out.text_member("path", request.path());
    out.text_member("user_agent", request.user_agent());
    out.text_member("traceparent", request.traceparent());
}

void write_time(Writer& out, std::string_view key, Time time) {
    auto const microseconds = time.time_since_epoch().count();
    if (microseconds > 0) out.number(key, static_cast<std::uint64_t>(microseconds));
}

void write_pulls(Writer& out, ToldPulls const& pulls) {
    write_time(out, "first_pull", pulls.first);
    write_time(out, "last_pull", pulls.last);
    out.flag("sampled", pulls.sampled);
}

/// What has no column.
void write_actor(Writer& out, Actor const& by) {
    if (by.http) write_request(out, *by.http);
    if (!by.groups.empty()) out.list("actor_groups", by.groups);
    out.text_member("token", by.token);
    out.text_member("cause_id", by.cause.id);
    out.text_member("rule", by.cause.rule);
}

constexpr std::size_t usual_size = 512;  ///< bytes of what is written of a change with its request

/// null if nothing is known of it, as in older entries.
std::shared_ptr<RequestRecord const> request_at(Json const& object) {
    auto const method = text_at(object, "method");
    if (method.empty()) return nullptr;
    auto const scheme = text_at(object, "scheme");
    auto const host = text_at(object, "host");
    auto const path = text_at(object, "path");
    auto const user_agent = text_at(object, "user_agent");
    auto const traceparent = text_at(object, "traceparent");
    RequestRecord::Parts const parts{.method = method,
                                     .scheme = scheme,
                                     .host = host,
                                     .path = path,
                                     .user_agent = user_agent,
                                     .traceparent = traceparent};
    return std::make_shared<RequestRecord const>(parts);
}

void read_actor(Json const& object, Actor& by) {
    by.http = request_at(object);
    by.groups = list_at(object, "actor_groups").value_or(std::vector<std::string>{});
    by.token = text_at(object, "token");
    by.cause = {.id = text_at(object, "cause_id"), .rule = text_at(object, "rule")};
}

}  // namespace

std::string details_to_json(Change const& change, Actor const& by) {
    auto const& details = change.details;
    Writer out((by.http ? usual_size : 0) + details.annotations.size());
    if (is_of_a_tag(change)) {  // Its name has a column.
        out.text_member("digest", change.digest);
        if (!details.tags.empty()) out.text_member("previous", details.tags.front().previous);
        if (details.tags.size() > 1) out.tags("tags", std::span(details.tags).subspan(1));
    } else if (!details.tags.empty()) {
        out.tags("tags", details.tags);
    }
    if (details.more_tags > 0) out.number("more_tags", details.more_tags);
    out.text_member("artifact_type", details.artifact_type);
    out.text_member("subject", details.subject);
    if (!details.parents.empty()) out.list("parents", details.parents);
    out.json_member("annotations", details.annotations);
    if (details.more_annotations > 0) out.number("more_annotations", details.more_annotations);
    out.text_member("source", details.source);
    if (details.first) out.flag("first", true);
    out.text_member("account", details.account);
    if (!details.scopes.empty()) out.list("scopes", details.scopes);
    if (details.refresh) out.flag("refresh", true);
    out.flag("robot", details.set.robot);
    out.flag("password", details.set.password);
    if (details.set.groups) out.list("groups", *details.set.groups);
    out.flag("admin", details.set.admin);
    out.flag("disabled", details.set.disabled);
    if (!details.counts.empty()) out.counts("counts", details.counts);
    write_pulls(out, details.pulls);
    write_actor(out, by);
    return std::move(out).finish();
}

Result<> details_from_json(std::string_view text, Change& change) {
    if (text.empty()) return {};
    auto const object = Json::parse(text, nullptr, false);
    if (!object.is_object()) return Error{Errc::io, "the details of a change are not a JSON object"};
    auto& details = change.details;
    if (is_of_a_tag(change)) {
        change.digest = text_at(object, "digest");
        if (!details.tags.empty()) details.tags.front().previous = text_at(object, "previous");
    }
    for_each_pair(object, "tags", [&](Json const& name, Json const& previous) {
        details.tags.push_back({text_of(name), text_of(previous)});
    });
    if (auto const* const more = find(object, "more_tags", Json::value_t::number_unsigned)) {
        details.more_tags = number_of(*more);
    }
    details.artifact_type = text_at(object, "artifact_type");
    details.subject = text_at(object, "subject");
    details.parents = list_at(object, "parents").value_or(std::vector<std::string>{});
    if (auto const* const annotations = find(object, "annotations", Json::value_t::object)) {
        details.annotations = annotations->dump();
    }
    if (auto const* const more = find(object, "more_annotations", Json::value_t::number_unsigned)) {
        details.more_annotations = number_of(*more);
    }
    details.source = text_at(object, "source");
    details.first = flag_at(object, "first").value_or(false);
    details.account = text_at(object, "account");
    details.scopes = list_at(object, "scopes").value_or(std::vector<std::string>{});
    details.refresh = flag_at(object, "refresh").value_or(false);
    details.set = {.robot = flag_at(object, "robot"),
                   .password = flag_at(object, "password"),
                   .groups = list_at(object, "groups"),
                   .admin = flag_at(object, "admin"),
                   .disabled = flag_at(object, "disabled")};
    for_each_pair(object, "counts", [&](Json const& what, Json const& count) {
        details.counts.emplace_back(text_of(what), number_of(count));
    });
    details.pulls = {.first = time_at(object, "first_pull"),
                     .last = time_at(object, "last_pull"),
                     .sampled = flag_at(object, "sampled")};
    read_actor(object, change.by);
    return {};
}

}  // namespace ocilot::meta
