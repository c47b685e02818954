# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml


def _for_plugins(documentation: str, sources: str) -> str:
    """Return the options as plugins document them, with the environment variables and the settings of `ansible.cfg`.

    Ansible converts and checks options of plugins by their documentation. Empty text fails that check, and becomes the
    current folder for a path. The documentation therefore accepts any value, and the collection checks it.
    """
    document = yaml.safe_load(documentation)
    options = document["options"]
    for name, places in yaml.safe_load(sources)["options"].items():
        option = options[name]
        description = option["description"]
        kind, choices = option.pop("type"), option.pop("choices", ())
        notes = {"int": ["An integer."], "bool": ["True or false."], "path": ["A path."]}.get(kind, [])
        notes += [f"One of {', '.join(f'V({choice})' for choice in choices)}."] if choices else []
        option["description"] = [*([description] if isinstance(description, str) else description), *notes]
        option.update(type="raw", **(places or {}))
    return str(yaml.safe_dump(document, sort_keys=False))


class ModuleDocFragment:
    """The options that all modules share, and the other sources of their values."""

    DOCUMENTATION = r"""
requirements:
  - requests >= 2.31
  - msal >= 1.35 (not with O(auth_source=access_token) or O(auth_source=azure_cli))
options:
  auth_source:
    description:
      - The credential to use. If not set, the environment variable C(ENTRA_AUTH_SOURCE) is used.
      - V(auto) uses the first complete credential in this order. O(access_token), O(client_secret),
        O(certificate_path) (which is V(client_certificate)), O(federated_token) or O(federated_token_file), a managed
        identity, the Azure CLI. An incomplete credential is an error that names the missing part.
      - V(auto) uses a managed identity if the environment has C(IDENTITY_ENDPOINT) and C(IDENTITY_HEADER),
        C(IDENTITY_ENDPOINT) and C(IMDS_ENDPOINT), C(MSI_ENDPOINT) and C(MSI_SECRET), or
        C(AZURE_POD_IDENTITY_AUTHORITY_HOST). It uses the Azure CLI if that is installed and no O(client_id) is set.
      - An option or variable that is empty or has only blanks counts as not set. This applies to every option here.
      - With V(auto), a credential that starts with an option comes before those of the environment. An option with
        the same value as its variable does not count.
      - On a virtual machine, set V(managed_identity), because its environment does not show the identity.
    type: str
    choices: [auto, access_token, client_secret, client_certificate, federated_token, managed_identity, azure_cli]
    default: auto
  tenant_id:
    description: ID or domain of the tenant. If not set, the environment variable C(AZURE_TENANT_ID) or C(AZURE_TENANT)
      is used.
    type: str
    aliases: [tenant]
  client_id:
    description:
      - Application (client) ID. If not set, the environment variable C(AZURE_CLIENT_ID) is used.
      - With a managed identity, it selects a user-assigned identity.
    type: str
  client_secret:
    description: Secret of the application. If not set, the environment variable C(AZURE_CLIENT_SECRET) or
      C(AZURE_SECRET) is used.
    type: str
    aliases: [secret]
  certificate_path:
    description:
      - PEM or PFX file with the certificate and private key of the application. Include the chain if the application
        trusts an issuer.
      - If not set, the environment variable C(AZURE_CLIENT_CERTIFICATE_PATH) or C(AZURE_X509_CERTIFICATE_PATH) is used.
    type: path
    aliases: [x509_certificate_path]
  certificate_password:
    description: Password of the private key. If not set, the environment variable C(AZURE_CLIENT_CERTIFICATE_PASSWORD)
      is used.
    type: str
  certificate_thumbprint:
    description:
      - SHA-1 thumbprint of the certificate. Only needed for a PEM file with a private key and no certificate.
      - If not set, the environment variable C(AZURE_THUMBPRINT) is used.
    type: str
    aliases: [thumbprint]
  federated_token:
    description:
      - Token of an issuer that the application trusts (workload identity federation, OIDC).
      - If not set, the environment variable C(AZURE_FEDERATED_TOKEN) is used.
      - A job of GitHub Actions or Azure DevOps that can request tokens needs neither this option nor
        O(federated_token_file). The collection requests a token whenever Entra needs one, and replaces an expired
        token. It uses C(ACTIONS_ID_TOKEN_REQUEST_URL) and C(ACTIONS_ID_TOKEN_REQUEST_TOKEN), or
        C(SYSTEM_OIDCREQUESTURI), C(SYSTEM_ACCESSTOKEN) and C(AZURESUBSCRIPTION_SERVICE_CONNECTION_ID).
    type: str
  federated_token_file:
    description:
      - File with a federated token. It is read each time a token is needed.
      - If not set, the environment variable C(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
  access_token:
    description:
      - Access token for Graph. It is used as it is and never renewed.
      - If not set, the environment variable C(ENTRA_ACCESS_TOKEN) is used.
    type: str
  cloud_environment:
    description: Cloud of the tenant. If not set, the environment variable C(AZURE_CLOUD_ENVIRONMENT) is used.
    type: str
    choices: [AzureCloud, AzureUSGovernment, AzureUSGovernmentDoD, AzureChinaCloud, Bleu, Delos, GovSG]
    default: AzureCloud
  authority_url:
    description: Login host that replaces the one of the cloud. If not set, the environment variable
      C(AZURE_AUTHORITY_HOST) is used.
    type: str
  graph_url:
    description: Graph host that replaces the one of the cloud. If not set, the environment variable
      C(ENTRA_GRAPH_URL) is used.
    type: str
  api_version:
    description: Version of Microsoft Graph.
    type: str
    choices: [v1.0, beta]
    default: v1.0
  ca_path:
    description:
      - File or folder of certificate authorities to trust instead of the bundled ones.
      - If not set, the environment variable C(REQUESTS_CA_BUNDLE) is used.
    type: path
  validate_certs:
    description: Whether to validate the certificates of the servers. With V(false), any server that answers gets your
      token.
    type: bool
    default: true
  timeout:
    description:
      - Maximum number of seconds for one request, from the connection to the last byte of the answer.
      - From 1 to 86400.
    type: int
    default: 60
  retries:
    description:
      - How often to repeat a request that Graph throttled, or that got a server error or no usable answer.
      - From 0 to 100.
      - Each request that succeeds resets this number for all others. A request therefore fails only after this many
        repeats during which no request of the task succeeded.
      - Before a repeat, the task waits as long as Graph asks, at most 150 seconds, otherwise for an increasing time.
    type: int
    default: 5
  max_wait:
    description:
      - Maximum number of seconds that the task waits in total, for throttling, after errors, and for new objects.
        From 0 to 604800, which is a week.
      - After that, the task fails with an error that names this option. Requests that were answered keep their results.
    type: int
    default: 1800
notes:
  - The module uses the proxy of C(HTTPS_PROXY) and C(NO_PROXY) in the environment of the task.
"""

    # Of several variables, Ansible uses the last one that is set. Secrets do not belong in ansible.cfg.
    SOURCES = r"""
options:
  auth_source:
    env: [{name: ENTRA_AUTH_SOURCE}]
    ini: [{section: entra_attributes, key: auth_source}]
  tenant_id:
    env: [{name: AZURE_TENANT}, {name: AZURE_TENANT_ID}]
    ini: [{section: entra_attributes, key: tenant_id}]
  client_id:
    env: [{name: AZURE_CLIENT_ID}]
    ini: [{section: entra_attributes, key: client_id}]
  client_secret:
    env: [{name: AZURE_SECRET}, {name: AZURE_CLIENT_SECRET}]
  certificate_path:
    env: [{name: AZURE_X509_CERTIFICATE_PATH}, {name: AZURE_CLIENT_CERTIFICATE_PATH}]
    ini: [{section: entra_attributes, key: certificate_path}]
  certificate_password:
    env: [{name: AZURE_CLIENT_CERTIFICATE_PASSWORD}]
  certificate_thumbprint:
    env: [{name: AZURE_THUMBPRINT}]
    ini: [{section: entra_attributes, key: certificate_thumbprint}]
  federated_token:
    env: [{name: AZURE_FEDERATED_TOKEN}]
  federated_token_file:
    env: [{name: AZURE_FEDERATED_TOKEN_FILE}]
    ini: [{section: entra_attributes, key: federated_token_file}]
  access_token:
    env: [{name: ENTRA_ACCESS_TOKEN}]
  cloud_environment:
    env: [{name: AZURE_CLOUD_ENVIRONMENT}]
    ini: [{section: entra_attributes, key: cloud_environment}]
  authority_url:
    env: [{name: AZURE_AUTHORITY_HOST}]
    ini: [{section: entra_attributes, key: authority_url}]
  graph_url:
    env: [{name: ENTRA_GRAPH_URL}]
    ini: [{section: entra_attributes, key: graph_url}]
  api_version:
    ini: [{section: entra_attributes, key: api_version}]
  ca_path:
    env: [{name: REQUESTS_CA_BUNDLE}]
    ini: [{section: entra_attributes, key: ca_path}]
  validate_certs:
    ini: [{section: entra_attributes, key: validate_certs}]
  timeout:
    ini: [{section: entra_attributes, key: timeout}]
  retries:
    ini: [{section: entra_attributes, key: retries}]
  max_wait:
    ini: [{section: entra_attributes, key: max_wait}]
"""


# Sanity tests expect that a class assigns only text in its body.
setattr(ModuleDocFragment, "PLUGIN", _for_plugins(ModuleDocFragment.DOCUMENTATION, ModuleDocFragment.SOURCES))  # noqa: B010
