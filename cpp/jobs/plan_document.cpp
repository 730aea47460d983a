#include "jobs/plan_document.h"

#include "oci/hasher.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::jobs {

namespace {

using Json = nlohmann::json;

constexpr std::size_t rows_of_a_piece = 500;
constexpr std::size_t version_digits = 12;

std::string text_at(Json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::uint64_t number_at(Json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::vector<std::string> texts_at(Json const& object, char const* key) {
    std::vector<std::string> texts;
    auto const found = object.find(key);
    if (found == object.end() || !found->is_array()) return texts;
    for (auto const& item : *found) {
        if (item.is_string()) texts.push_back(item.get<std::string>());
    }
    return texts;
}

std::int64_t microseconds(Time time) {
    return time.time_since_epoch().count();
}

std::string quoted(std::string const& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Rows of one verdict, cut into pieces.
class Pieces {
  public:
    Pieces(std::string verdict, std::string repository, std::int64_t& number)
        : verdict_(std::move(verdict)), repository_(std::move(repository)), number_(number) {}

    void add(std::string const& row) {
        text_ += text_.empty() ? "[" : ",";
        text_ += row;
        if (++rows_ == rows_of_a_piece) end();
    }
    void end() {
        if (text_.empty()) return;
        pieces_.push_back({++number_, verdict_, repository_, std::exchange(text_, {}) + "]"});
        rows_ = 0;
    }
    [[nodiscard]] std::vector<meta::PlanPiece>& all() noexcept { return pieces_; }

  private:
    std::string verdict_;
    std::string repository_;
    std::int64_t& number_;
    std::string text_;
    std::size_t rows_ = 0;
    std::vector<meta::PlanPiece> pieces_;
};

}  // namespace

meta::RetentionPlan stored_plan(PlanSummary const& plan) {
    Json content{{"made_by", plan.made_by},
                 {"rules", plan.rules},
                 {"version", plan.version},
                 {"in_force", plan.in_force},
                 {"scheduled", plan.scheduled},
                 {"policies", plan.policies},
                 {"waits", plan.waits},
                 {"repositories", plan.counts.repositories},
                 {"tags", plan.counts.tags},
                 {"delete_tags", plan.counts.delete_tags},
                 {"delete_manifests", plan.counts.delete_manifests},
                 {"bytes", plan.counts.bytes},
                 {"untagged", plan.counts.untagged},
                 {"applied_by", plan.applied_by},
                 {"deleted_tags", plan.result.tags},
                 {"deleted_manifests", plan.result.manifests},
                 {"skipped", plan.result.skipped},
                 {"denied", plan.result.denied},
                 {"error", plan.error}};
    if (plan.applied_at) content["applied_at"] = static_cast<std::uint64_t>(microseconds(*plan.applied_at));
    return {plan.id, plan.made_at, plan.state, content.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Result<PlanSummary> plan_of(meta::RetentionPlan const& stored) {
    auto const content = Json::parse(stored.content, nullptr, false);
    if (!content.is_object()) {
        return Error{Errc::io, fmt::format("the retention plan {} is damaged; make another", stored.id)};
    }
    PlanSummary plan{.id = stored.id,
                     .made_at = stored.made_at,
                     .state = stored.state,
                     .made_by = text_at(content, "made_by"),
                     .rules = text_at(content, "rules"),
                     .version = text_at(content, "version"),
                     .in_force = content.contains("in_force") && content["in_force"] == true,
                     .scheduled = content.contains("scheduled") && content["scheduled"] == true,
                     .policies = texts_at(content, "policies"),
                     .waits = text_at(content, "waits"),
                     .counts = {number_at(content, "repositories"), number_at(content, "tags"),
                                number_at(content, "delete_tags"), number_at(content, "delete_manifests"),
                                number_at(content, "bytes"), number_at(content, "untagged")},
                     .applied_by = text_at(content, "applied_by"),
                     .result = {number_at(content, "deleted_tags"), number_at(content, "deleted_manifests"),
                                number_at(content, "skipped"), number_at(content, "denied")},
                     .error = text_at(content, "error")};
    if (auto const at = number_at(content, "applied_at"); at > 0) {
        plan.applied_at = Time(std::chrono::microseconds(at));
    }
    return plan;
}

std::string version_of(std::string_view rules) {
    return oci::digest_of(oci::Algorithm::sha256, rules).hex().substr(0, version_digits);
}

std::string row_json(std::vector<retention::Policy> const& policies, retention::View const& view,
                     retention::Row const& row) {
    auto const& repository = view.repository();
    auto const& manifest = repository.manifests[row.is_tag ? repository.tags[row.index].manifest : row.index];
    auto const tag = row.is_tag ? quoted(repository.tags[row.index].name) : std::string("null");
    auto const pushed_at = row.is_tag ? repository.tags[row.index].pushed_at : manifest.pushed_at;
    auto const pulled_at = row.is_tag ? view.last_pull(repository.tags[row.index]) : manifest.pulled_at;
    auto const place = retention::place_text(policies, row);
    return fmt::format(R"({{"tag":{},"digest":"{}","verdict":"{}","reason":"{}","rule":{},"why":{},)"
                       R"("pushed_at":"{}","pulled_at":{}}})",
                       tag, manifest.digest.str(), row.is_deleted() ? "delete" : "keep",
                       retention::to_string(row.reason), place.empty() ? "null" : quoted(place),
                       quoted(retention::reason_text(policies, view, row)), rfc3339(pushed_at),
                       pulled_at ? quoted(rfc3339(*pulled_at)) : "null");
}

std::vector<meta::PlanPiece> pieces_of(std::vector<retention::Policy> const& policies,
                                       retention::View const& view, retention::Outcome const& outcome,
                                       bool all, std::int64_t& number) {
    auto const& name = view.repository().name.str();
    std::vector<meta::PlanPiece> pieces;
    for (bool const deleted : {true, false}) {
        if (!deleted && !all) break;
        Pieces of_verdict(deleted ? "delete" : "keep", name, number);
        for (auto const& row : outcome.rows) {
            if (row.is_deleted() == deleted) of_verdict.add(row_json(policies, view, row));
        }
        of_verdict.end();
        std::ranges::move(of_verdict.all(), std::back_inserter(pieces));
    }
    return pieces;
}

Result<std::vector<PlannedRow>> planned_rows(std::string const& rows) {
    auto const list = Json::parse(rows, nullptr, false);
    if (!list.is_array()) return Error{Errc::io, "the rows of a retention plan are damaged; make another"};
    std::vector<PlannedRow> found;
    for (auto const& row : list) {
        TRY(auto const digest, oci::Digest::parse(text_at(row, "digest")));
        found.push_back({text_at(row, "tag"), digest, text_at(row, "rule")});
    }
    return found;
}

}  // namespace ocilot::jobs
