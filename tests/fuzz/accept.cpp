#include "http/core/accept.h"

#include "lines.h"
#include "oci/media_type.h"
#include "promise.h"
#include "targets.h"

void ocilot::fuzz::accept(std::string_view input) {
    for (auto const type : {oci::media_type::oci_index, oci::media_type::docker_manifest}) {
        auto request = with_lines("Accept", input);
        bool const taken = http::accepts(request, type);
        auto const line = joined(request);
        http::Request one_line;
        one_line.headers.emplace_back("aCCEPT", line);
        promise(http::accepts(one_line, type) == taken, "several Accept lines mean what one line means");

        request.headers.emplace_back("Accept", "*/*");
        promise(http::accepts(request, type) || !taken, "to accept everything takes nothing away");
        auto const refusal = std::string(type) + "; q=0.0";
        request.headers.emplace_back("Accept", refusal);
        promise(!http::accepts(request, type), "a type with q=0 is not sent");
    }
}
