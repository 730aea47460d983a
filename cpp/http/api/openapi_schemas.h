#pragma once

#include "http/core/schema.h"

#include <memory>
#include <nlohmann/json_fwd.hpp>

namespace ocilot::http {

/// Writes schemas as JSON Schema, those with a name once.
class OpenApiSchemas {
  public:
    OpenApiSchemas();
    ~OpenApiSchemas();
    OpenApiSchemas(OpenApiSchemas const&) = delete;
    OpenApiSchemas& operator=(OpenApiSchemas const&) = delete;

    /// The schema, or a reference to it if it has a name.
    [[nodiscard]] nlohmann::ordered_json of(Schema const& schema);
    /// Everything that was referred to so far.
    [[nodiscard]] nlohmann::ordered_json const& named() const noexcept;

  private:
    [[nodiscard]] nlohmann::ordered_json written_out(Schema const& schema);
    [[nodiscard]] nlohmann::ordered_json object(Schema const& schema);

    std::unique_ptr<nlohmann::ordered_json> named_;
};

}  // namespace ocilot::http
