#include "pushes.h"

namespace ocilot::load {

namespace {

/// The path of a Location that may be a whole URL.
std::string_view path_of(std::string_view location) {
    auto const scheme = location.find("://");
    if (scheme == location.npos || scheme > location.find('/')) return location;
    auto const path = location.find('/', scheme + 3);
    return path == location.npos ? std::string_view("/") : location.substr(path);
}

}  // namespace

Pushes::Pushes(Options const& options, Way way)
    : way_{way},
      uploads_{"/v2/" + options.repository + "/blobs/uploads/"},
      fields_{common_fields(options)},
      content_{options.size, options.run} {}

void Pushes::add_body(Operation const& operation, Request& request) const {
    request.head.append("Content-Type: application/octet-stream\r\nContent-Length: ")
        .append(std::to_string(content_.size()))
        .append("\r\n\r\n");
    request.body = content_.body(operation.blob);
}

void Pushes::begin(Operation& operation, Request& request) {
    content_.next(operation.blob);
    request.head.append("POST ").append(uploads_);
    if (way_ == Way::post) {
        request.head.append("?digest=").append(operation.blob.digest).append(fields_);
        add_body(operation, request);
    } else {
        request.head.append(fields_).append("Content-Length: 0\r\n\r\n");
    }
}

void Pushes::put(Operation& operation, std::string_view location, bool with_body, Request& request) const {
    auto const path = path_of(location);
    request.head.append("PUT ").append(path).append(path.find('?') == path.npos ? "?" : "&");
    request.head.append("digest=").append(operation.blob.digest).append(fields_);
    if (with_body) {
        add_body(operation, request);
    } else {
        request.head.append("Content-Length: 0\r\n\r\n");
    }
}

Workload::Verdict Pushes::answered(Operation& operation, Answer const& answer, Request& request) {
    unsigned const last = way_ == Way::post ? 0 : way_ == Way::post_put ? 1 : 2;
    if (operation.step == last) {
        operation.bytes = content_.size();
        return answer.status == 201 ? Verdict::done : Verdict::wrong;
    }
    if (answer.status != 202 || answer.location.empty()) return Verdict::wrong;
    if (operation.step == 0 && way_ == Way::post_patch_put) {
        request.head.append("PATCH ").append(path_of(answer.location)).append(fields_);
        add_body(operation, request);
    } else {
        put(operation, answer.location, way_ == Way::post_put, request);
    }
    return Verdict::more;
}

std::unique_ptr<Workload> make_pushes(Options const& options) {
    auto const way = options.workload == "push"              ? Pushes::Way::post_put
                     : options.workload == "push-monolithic" ? Pushes::Way::post
                                                             : Pushes::Way::post_patch_put;
    return std::make_unique<Pushes>(options, way);
}

}  // namespace ocilot::load
