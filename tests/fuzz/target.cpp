#include "http/core/target.h"

#include "promise.h"
#include "targets.h"

void ocilot::fuzz::target(std::string_view input) {
    auto const path = http::raw_path(input);
    promise(path == "/" || inside(path, input), "the raw path is a part of the target");
    promise(path.find('?') == path.npos, "the raw path has no query");
    auto target = http::Target::parse(input);
    if (target.has_error()) {
        auto const code = target.error().code;
        promise(code == Errc::name_invalid || code == Errc::bad_request,
                "a bad target is the client's fault");
        return;
    }
    promise(target->path == "*" || target->path.starts_with('/'), "a path starts with a slash");
    promise(target->path.size() <= input.size() + 1, "decoding makes nothing longer");
    if (target->path.find('\0') == std::string::npos) {  // The parser of the head lets none through.
        std::string encoded;
        http::append_query_value(encoded, target->path);
        auto const again = http::Target::parse(encoded);
        promise(again.has_value() && again->path == target->path, "a path survives being sent again");
    }
    target->collapse_slashes();
    promise(target->path.find("//") == std::string::npos, "no two slashes in a row are left");
}
