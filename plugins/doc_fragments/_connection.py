# Copyright: (c) 2026, The entra.attributes authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-FileCopyrightText: 2026 The entra.attributes authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml


def _for_plugins(documentation: str, sources: str) -> str:
    """Return the options as plugins document them, with the places where Ansible finds them.

    Ansible converts and checks options of plugins by their documentation, in which empty text is neither a number nor
    a choice, and names the current folder as a path. So it takes any value, and the collection checks it.
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
    """The options that all modules share, and where else their values may come from."""

    DOCUMENTATION = r"""
requirements:
  - requests >= 2.31
  - msal >= 1.35 (not with O(auth_source=access_token) or O(auth_source=azure_cli))
options:
  auth_source:
    description:
      - Which credential to use. C(ENTRA_AUTH_SOURCE) in the environment if it is not set.
      - V(auto) takes the first that is complete, in the order O(access_token), O(client_secret), O(certificate_path)
        (which is V(client_certificate)), O(federated_token) or O(federated_token_file), a managed identity if the
        environment shows one completely, the Azure CLI if it is installed and no O(client_id) is set. Half a credential
        is an error that names what is missing.
      - A managed identity is complete with C(IDENTITY_ENDPOINT) and C(IDENTITY_HEADER), C(IDENTITY_ENDPOINT) and
        C(IMDS_ENDPOINT), C(MSI_ENDPOINT) and C(MSI_SECRET), or C(AZURE_POD_IDENTITY_AUTHORITY_HOST).
      - An option or variable that is empty or holds only blanks counts as not set. This is true for every option here.
      - With V(auto) a credential that is begun by an option goes before those of the environment, whatever their order.
        An option that repeats the value of its variable does not count as one.
      - V(managed_identity) must be named on a virtual machine, whose environment does not show its identity.
    type: str
    choices: [auto, access_token, client_secret, client_certificate, federated_token, managed_identity, azure_cli]
    default: auto
  tenant_id:
    description: ID or domain of the tenant. C(AZURE_TENANT_ID) or C(AZURE_TENANT) in the environment if it is not set.
    type: str
    aliases: [tenant]
  client_id:
    description:
      - Application (client) ID. C(AZURE_CLIENT_ID) in the environment if it is not set.
      - With a managed identity it selects a user-assigned one.
    type: str
  client_secret:
    description: Secret of the application. C(AZURE_CLIENT_SECRET) or C(AZURE_SECRET) in the environment if it is not
      set.
    type: str
    aliases: [secret]
  certificate_path:
    description:
      - PEM or PFX file with the application's certificate and private key, and the chain if the application trusts by
        issuer.
      - C(AZURE_CLIENT_CERTIFICATE_PATH) or C(AZURE_X509_CERTIFICATE_PATH) in the environment if it is not set.
    type: path
    aliases: [x509_certificate_path]
  certificate_password:
    description: Password of the private key. C(AZURE_CLIENT_CERTIFICATE_PASSWORD) in the environment if it is not set.
    type: str
  certificate_thumbprint:
    description:
      - SHA-1 thumbprint, only for a PEM file that holds the private key without its certificate; else it is computed.
      - C(AZURE_THUMBPRINT) in the environment if it is not set.
    type: str
    aliases: [thumbprint]
  federated_token:
    description:
      - Token of an issuer that the application trusts (workload identity federation, OIDC).
      - C(AZURE_FEDERATED_TOKEN) in the environment if it is not set.
      - A job of GitHub Actions or Azure DevOps needs neither this option nor O(federated_token_file) if it may request
        tokens. The collection then requests one whenever Entra needs one, and replaces a token that has expired.
        It uses C(ACTIONS_ID_TOKEN_REQUEST_URL) and C(ACTIONS_ID_TOKEN_REQUEST_TOKEN), or C(SYSTEM_OIDCREQUESTURI),
        C(SYSTEM_ACCESSTOKEN) and C(AZURESUBSCRIPTION_SERVICE_CONNECTION_ID).
    type: str
  federated_token_file:
    description:
      - File with such a token, read again each time one is needed.
      - C(AZURE_FEDERATED_TOKEN_FILE) in the environment if it is not set.
    type: path
  access_token:
    description:
      - Access token for Graph that was obtained elsewhere; it is used as it is and not renewed.
      - C(ENTRA_ACCESS_TOKEN) in the environment if it is not set.
    type: str
  cloud_environment:
    description: The cloud of the tenant. C(AZURE_CLOUD_ENVIRONMENT) in the environment if it is not set.
    type: str
    choices: [AzureCloud, AzureUSGovernment, AzureUSGovernmentDoD, AzureChinaCloud, Bleu, Delos, GovSG]
    default: AzureCloud
  authority_url:
    description: Login host instead of the cloud's own. C(AZURE_AUTHORITY_HOST) in the environment if it is not set.
    type: str
  graph_url:
    description: Graph host instead of the cloud's own. C(ENTRA_GRAPH_URL) in the environment if it is not set.
    type: str
  api_version:
    description: Version of Microsoft Graph.
    type: str
    choices: [v1.0, beta]
    default: v1.0
  ca_path:
    description:
      - File or folder of certificate authorities to trust instead of the bundled ones.
      - C(REQUESTS_CA_BUNDLE) in the environment if it is not set.
    type: path
  validate_certs:
    description: Whether the certificates of the servers are validated. Without it your token goes to whoever answers.
    type: bool
    default: true
  timeout:
    description:
      - Seconds that a single request may take, from the connection to the last byte of the answer.
      - From 1 to 86400.
    type: int
    default: 60
  retries:
    description:
      - How often a request is sent again that was throttled, met a server error, or got no usable answer.
      - From 0 to 100.
      - Each request that succeeds refills this budget for all others. So a request is given up only after this number
        of repeats during which no request of the task succeeded.
      - Before each repeat the task waits as long as Graph asks for, at most 150 seconds, or else for a growing time.
    type: int
    default: 5
  max_wait:
    description:
      - Seconds that the task waits in all, for throttling, after errors, and until Graph shows new objects everywhere.
        From 0 to 604800, a week.
      - When they are used up, the task ends with an error that names this option. Requests that were answered before
        keep their results.
    type: int
    default: 1800
notes:
  - A proxy is taken from C(HTTPS_PROXY) and C(NO_PROXY) in the environment of the task.
"""

    # Where Ansible finds them for plugins. Of several variables it takes the last one set. Secrets are not read from
    # ansible.cfg, which is no place for them.
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


# Sanity tests take what a class assigns in its body for text.
setattr(ModuleDocFragment, "PLUGIN", _for_plugins(ModuleDocFragment.DOCUMENTATION, ModuleDocFragment.SOURCES))  # noqa: B010
