#include "jose/strict_json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace ocilot::jose {

namespace {

using Json = nlohmann::json;

constexpr int deepest = 16;

/// Watches a parse for what the parser itself lets pass.
class Watch {
  public:
    bool operator()(int depth, Json::parse_event_t event, Json const& value) {
        if (event == Json::parse_event_t::object_start) open_.emplace_back();
        if (event == Json::parse_event_t::object_end) open_.pop_back();
        if (event == Json::parse_event_t::key && !open_.back().insert(value.get<std::string>()).second)
            twice_ = true;
        if (depth >= deepest) deep_ = true;
        return true;
    }
    [[nodiscard]] char const* problem() const noexcept {
        if (deep_) return "nested too deeply";
        return twice_ ? "duplicate field in an object" : nullptr;
    }

  private:
    std::vector<std::set<std::string>> open_;
    bool twice_ = false;
    bool deep_ = false;
};

}  // namespace

Result<Json> parse_strict_object(std::string_view text) {
    try {
        Watch watch;
        auto json = Json::parse(text, std::ref(watch));
        if (!json.is_object()) return Error{Errc::bad_request, "expected a JSON object"};
        if (auto const* const problem = watch.problem(); problem != nullptr)
            return Error{Errc::bad_request, problem};
        return Result<Json>(boost::system::in_place_value, std::move(json));
    } catch (Json::exception const&) {
        return Error{Errc::bad_request, "invalid JSON"};
    }
}

}  // namespace ocilot::jose
