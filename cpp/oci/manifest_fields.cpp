#include "oci/manifest_fields.h"

#include "base/counted.h"
#include "base/quote.h"
#include "oci/duplicate_keys.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>

namespace ocilot::oci {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t largest_size = std::numeric_limits<std::int64_t>::max();

/// What the object or list at one level of nesting is.
enum class Place : std::uint8_t { manifest, descriptor, descriptors, urls, annotations, ignored };

enum class Field : std::uint8_t {
    schema_version,
    media_type,
    artifact_type,
    config,
    layers,
    manifests,
    subject,
    annotations,
    digest,
    size,
    urls,
    descriptor_item,
    url_item,
    annotation_item,
};

/// A field this registry reads: where it stands and what it must be. All others are passed over.
struct Rule {
    Place place;
    std::string_view name;
    Field field;
    std::string_view kind;
};

constexpr std::string_view a_descriptor = "an object with mediaType, digest and size";
constexpr std::string_view some_descriptors = "a list of objects with mediaType, digest and size";
constexpr std::string_view some_strings = "an object whose values are strings";

constexpr std::array rules{
    Rule{Place::manifest, "schemaVersion", Field::schema_version, "the integer 2"},
    Rule{Place::manifest, "mediaType", Field::media_type, "a string"},
    Rule{Place::manifest, "artifactType", Field::artifact_type, "a string"},
    Rule{Place::manifest, "config", Field::config, a_descriptor},
    Rule{Place::manifest, "layers", Field::layers, some_descriptors},
    Rule{Place::manifest, "manifests", Field::manifests, some_descriptors},
    Rule{Place::manifest, "subject", Field::subject, a_descriptor},
    Rule{Place::manifest, "annotations", Field::annotations, some_strings},
    Rule{Place::descriptor, "mediaType", Field::media_type, "a string"},
    Rule{Place::descriptor, "digest", Field::digest, "a string"},
    Rule{Place::descriptor, "size", Field::size, "a whole number from 0 to 9223372036854775807"},
    Rule{Place::descriptor, "urls", Field::urls, "a list of strings"},
    Rule{Place::descriptor, "artifactType", Field::artifact_type, "a string"},
    Rule{Place::descriptor, "annotations", Field::annotations, some_strings},
};
constexpr Rule descriptor_item{Place::descriptors, "", Field::descriptor_item, a_descriptor};
constexpr Rule url_item{Place::urls, "", Field::url_item, "a string"};
constexpr Rule annotation_item{Place::annotations, "", Field::annotation_item, "a string"};

/// The rule for every value at `place`, or for the value of its key `name`; null = pass it over.
Rule const* rule_of(Place place, std::string_view name) noexcept {
    switch (place) {
        case Place::descriptors:
            return &descriptor_item;
        case Place::urls:
            return &url_item;
        case Place::annotations:
            return &annotation_item;
        case Place::ignored:
            return nullptr;
        case Place::manifest:
        case Place::descriptor:
            break;
    }
    auto const found = std::ranges::find_if(
        rules, [&](Rule const& rule) { return rule.place == place && rule.name == name; });
    return found == rules.end() ? nullptr : &*found;
}

/// A descriptor while its fields arrive.
struct Draft {
    std::string media_type = {};
    std::optional<Digest> digest = {};
    std::optional<std::uint64_t> size = {};
    std::vector<std::string> urls = {};
    std::string artifact_type = {};
    Annotations annotations = {};
};

struct Level {
    Place place;
    Rule const* rule;       // For the value that comes next.
    std::size_t first_key;  // Number of this object's first key in keys_.
    std::size_t items = 0;  // Values met so far.
};

/// Takes nlohmann's events. Every handler answers whether to go on; on false, failure() says why not.
class Reader {
  public:
    explicit Reader(JsonLimits limits) noexcept : limits_(limits) {}

    bool null();
    bool boolean(bool) { return passed_over(); }
    bool number_integer(std::int64_t) { return passed_over(); }  // Only those with a minus sign.
    bool number_unsigned(std::uint64_t number);
    bool number_float(double, std::string const&) { return passed_over(); }
    bool string(std::string const& text);
    bool binary(Json::binary_t&) { return passed_over(); }
    bool start_object(std::size_t);
    bool key(std::string const& name);
    bool end_object();
    bool start_array(std::size_t);
    bool end_array();
    bool parse_error(std::size_t position, std::string const&, Json::exception const& problem);

    ManifestFields& fields() noexcept { return fields_; }
    Error failure() && { return {Errc::manifest_invalid, std::move(failure_)}; }

  private:
    Rule const* next();
    bool enter(Place place);
    bool passed_over();
    bool wrong_kind(Rule const& rule);
    bool fail(std::string message);
    bool set_digest(std::string_view text);
    bool finish_descriptor();
    [[nodiscard]] std::string where() const;
    [[nodiscard]] bool in_descriptor() const noexcept { return levels_.back().place == Place::descriptor; }

    JsonLimits limits_;
    ManifestFields fields_;
    Draft draft_;
    std::vector<Level> levels_;
    DuplicateKeys keys_;
    std::string failure_;
};

bool Reader::fail(std::string message) {
    failure_ = std::move(message);
    return false;
}

/// The path of the value at hand, as in `layers[3].size`.
std::string Reader::where() const {
    std::string path;
    for (auto const& level : levels_) {
        if (level.place == Place::descriptors || level.place == Place::urls) {
            path += fmt::format("[{}]", level.items - 1);
        } else if (level.rule != nullptr && !level.rule->name.empty()) {
            if (!path.empty()) path.push_back('.');
            path += level.rule->name;
        }
    }
    return path;
}

bool Reader::wrong_kind(Rule const& rule) {
    return fail(fmt::format("invalid manifest field {}: expected {}", where(), rule.kind));
}

/// Begins a value and answers its rule.
Rule const* Reader::next() {
    if (levels_.empty()) return nullptr;
    ++levels_.back().items;
    return levels_.back().rule;
}

bool Reader::passed_over() {
    if (levels_.empty()) return fail("the manifest is not a JSON object");
    auto const* const rule = next();
    return rule == nullptr || wrong_kind(*rule);
}

bool Reader::null() {
    if (levels_.empty()) return passed_over();
    auto const* const rule = next();
    // Go writes an empty list of layers as null (BuildKit, FROM scratch).
    if (rule != nullptr && rule->field == Field::layers) fields_.layers.emplace();
    if (rule != nullptr && rule->field == Field::manifests) fields_.manifests.emplace();
    // Any other null field is an absent one; lists and annotations have no place for it.
    return rule == nullptr || !rule->name.empty() || wrong_kind(*rule);
}

bool Reader::number_unsigned(std::uint64_t number) {
    if (levels_.empty()) return passed_over();
    auto const* const rule = next();
    if (rule == nullptr) return true;
    if (rule->field == Field::schema_version) {
        fields_.schema_version = number;
        return true;
    }
    if (rule->field != Field::size || number > largest_size) return wrong_kind(*rule);
    draft_.size = number;
    return true;
}

bool Reader::set_digest(std::string_view text) {
    auto digest = Digest::parse(text);
    if (!digest) return fail(fmt::format("invalid manifest field {}: {}", where(), digest.error().message));
    draft_.digest = *digest;
    return true;
}

bool Reader::string(std::string const& text) {
    if (levels_.empty()) return passed_over();
    auto const* const rule = next();
    if (rule == nullptr) return true;
    switch (rule->field) {
        case Field::media_type:
            (in_descriptor() ? draft_.media_type : fields_.media_type) = text;
            return true;
        case Field::artifact_type:
            (in_descriptor() ? draft_.artifact_type : fields_.artifact_type) = text;
            return true;
        case Field::digest:
            return set_digest(text);
        case Field::url_item:
            draft_.urls.push_back(text);
            return true;
        case Field::annotation_item: {
            bool const of_manifest = levels_[levels_.size() - 2].place == Place::manifest;
            (of_manifest ? fields_.annotations : draft_.annotations).emplace(keys_.last(), text);
            return true;
        }
        default:
            return wrong_kind(*rule);
    }
}

bool Reader::enter(Place place) {
    if (levels_.size() == limits_.depth) {
        return fail(
            fmt::format("the manifest is nested deeper than {}", counted(limits_.depth, "level", "levels")));
    }
    levels_.push_back({place, rule_of(place, {}), keys_.size()});
    return true;
}

bool Reader::start_object(std::size_t) {
    if (levels_.empty()) return enter(Place::manifest);
    auto const* const rule = next();
    if (rule == nullptr) return enter(Place::ignored);
    switch (rule->field) {
        case Field::config:
        case Field::subject:
        case Field::descriptor_item:
            draft_ = {};
            return enter(Place::descriptor);
        case Field::annotations:
            return enter(Place::annotations);
        default:
            return wrong_kind(*rule);
    }
}

bool Reader::key(std::string const& name) {
    auto& level = levels_.back();
    if (limits_.members > 0 && keys_.size() - level.first_key == limits_.members) {
        return fail(fmt::format("an object of the manifest has more than {}",
                                counted(limits_.members, "field", "fields")));
    }
    level.rule = rule_of(level.place, name);
    if (level.place == Place::manifest && level.rule != nullptr) {
        auto const field = level.rule->field;
        if (field == Field::config || field == Field::layers) fields_.names_image = true;
        if (field == Field::manifests) fields_.names_index = true;
    }
    keys_.push(name);
    return true;
}

bool Reader::finish_descriptor() {
    auto const& parent = levels_.back();
    std::string_view const missing = draft_.media_type.empty() ? "mediaType"
                                     : !draft_.digest          ? "digest"
                                     : !draft_.size            ? "size"
                                                               : "";
    if (!missing.empty()) return fail(fmt::format("manifest field {} has no {}", where(), missing));
    Descriptor descriptor{std::move(draft_.media_type),
                          *draft_.digest,
                          *draft_.size,
                          std::move(draft_.urls),
                          std::move(draft_.artifact_type),
                          std::move(draft_.annotations)};
    if (parent.rule->field == Field::config) {
        fields_.config = std::move(descriptor);
    } else if (parent.rule->field == Field::subject) {
        fields_.subject = std::move(descriptor);
    } else {
        bool const of_index = levels_.front().rule->field == Field::manifests;
        (of_index ? fields_.manifests : fields_.layers)->push_back(std::move(descriptor));
    }
    return true;
}

bool Reader::end_object() {
    auto const level = levels_.back();
    if (auto const twice = keys_.close(level.first_key)) {
        return fail(fmt::format("duplicate key {} in an object of the manifest", quote(*twice)));
    }
    levels_.pop_back();
    return level.place != Place::descriptor || finish_descriptor();
}

bool Reader::start_array(std::size_t) {
    if (levels_.empty()) return passed_over();
    auto const* const rule = next();
    if (rule == nullptr) return enter(Place::ignored);
    switch (rule->field) {
        case Field::layers:
            fields_.layers.emplace();
            return enter(Place::descriptors);
        case Field::manifests:
            fields_.manifests.emplace();
            return enter(Place::descriptors);
        case Field::urls:
            return enter(Place::urls);
        default:
            return wrong_kind(*rule);
    }
}

bool Reader::end_array() {
    levels_.pop_back();
    return true;
}

bool Reader::parse_error(std::size_t position, std::string const&, Json::exception const& problem) {
    static constexpr int number_overflow = 406;
    // The library's own words quote the input at any length.
    if (problem.id == number_overflow) {
        return fail(fmt::format("number out of range in the manifest before byte {}", position));
    }
    return fail(fmt::format("the manifest is not valid JSON in UTF-8: error at byte {}", position));
}

}  // namespace

Result<ManifestFields> read_manifest_fields(std::string_view body, JsonLimits limits) {
    // nlohmann/json forgives these two: it skips a byte order mark and takes NUL for the end.
    if (body.starts_with("\xEF\xBB\xBF")) {
        return Error{Errc::manifest_invalid,
                     "the manifest starts with a byte order mark: send the JSON without it"};
    }
    if (auto const nul = body.find('\0'); nul != body.npos) {
        return Error{Errc::manifest_invalid,
                     fmt::format("the manifest is not valid JSON: byte {} is NUL", nul + 1)};
    }
    Reader reader(limits);
    if (!Json::sax_parse(body.begin(), body.end(), &reader)) return std::move(reader).failure();
    return std::move(reader.fields());
}

}  // namespace ocilot::oci
