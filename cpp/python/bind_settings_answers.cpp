#include "python/settings_class.h"

#include <pybind11/stl.h>

namespace ocilot::python {

using server::AnswerSettings;
using server::Settings;

void init_answer_settings(SettingsClass& settings) {
    field(settings, "host", &Settings::answers, &AnswerSettings::host,
          "URL that clients see; empty: from the request.");
    field(settings, "prefix", &Settings::answers, &AnswerSettings::prefix, "Path below which the API lives.");
    field(settings, "relative_urls", &Settings::answers, &AnswerSettings::relative_urls,
          "Whether `Location` is a path only.");
    field(settings, "headers", &Settings::answers, &AnswerSettings::headers,
          "Headers added to every answer; set the whole list, reading it gives a copy.");
    field(settings, "catalog_limit", &Settings::answers, &AnswerSettings::catalog_limit,
          "Most repositories in one answer.");
    field(settings, "tags_limit", &Settings::answers, &AnswerSettings::tags_limit,
          "Most tags in one answer to a paging client.");
    field(settings, "cors_origins", &Settings::answers, &AnswerSettings::cors_origins,
          "Origins of web pages that may read answers; set the whole list.");
    field(settings, "cors_credentials", &Settings::answers, &AnswerSettings::cors_credentials,
          "Whether those pages may use the reader's credentials.");
    field(
        settings, "host_names", &Settings::answers, &AnswerSettings::host_names,
        "Host names that a registry without accounts answers to on a loopback address; set the whole list.");
}

}  // namespace ocilot::python
